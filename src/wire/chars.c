#include "wire/chars.h"

enum {
    VALUE = GH_CHAR_VALUE,
    SPACE = VALUE | GH_CHAR_QUOTED,
    COMMON = SPACE | GH_CHAR_VISIBLE,
    QUERY = COMMON | GH_CHAR_QUERY,
    PATH = QUERY | GH_CHAR_PATH,
    LETTER = PATH | GH_CHAR_UNRESERVED | GH_CHAR_REG_NAME,
    HEX = LETTER | GH_CHAR_HEX
};

/* Later entries refine the ranges given first. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
#ifdef __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#endif
const uint8_t gh_char_class[256] = {
    ['\t'] = VALUE,
    [' '] = SPACE,
    [0x21 ... 0x7e] = PATH,
    ['"'] = PATH & ~GH_CHAR_QUOTED,
    ['#'] = COMMON,
    ['%'] = COMMON,
    ['?'] = QUERY,
    ['\\'] = QUERY & ~GH_CHAR_QUOTED,
    ['0' ... '9'] = HEX,
    ['A' ... 'F'] = HEX,
    ['G' ... 'Z'] = LETTER,
    ['a' ... 'f'] = HEX,
    ['g' ... 'z'] = LETTER,
    ['-'] = LETTER,
    ['.'] = LETTER,
    ['_'] = LETTER,
    ['~'] = PATH | GH_CHAR_UNRESERVED,
    [0x80 ... 0xff] = VALUE,
};
#pragma GCC diagnostic pop

const uint8_t gh_token_lower[256] = {
    ['!'] = '!', ['#'] = '#', ['$'] = '$', ['%'] = '%', ['&'] = '&', ['\''] = '\'', ['*'] = '*', ['+'] = '+',
    ['-'] = '-', ['.'] = '.', ['^'] = '^', ['_'] = '_', ['`'] = '`', ['|'] = '|',   ['~'] = '~', ['0'] = '0',
    ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6',   ['7'] = '7', ['8'] = '8',
    ['9'] = '9', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e',   ['F'] = 'f', ['G'] = 'g',
    ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm',   ['N'] = 'n', ['O'] = 'o',
    ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't', ['U'] = 'u',   ['V'] = 'v', ['W'] = 'w',
    ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c',   ['d'] = 'd', ['e'] = 'e',
    ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k',   ['l'] = 'l', ['m'] = 'm',
    ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r', ['s'] = 's',   ['t'] = 't', ['u'] = 'u',
    ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y', ['z'] = 'z',
};
