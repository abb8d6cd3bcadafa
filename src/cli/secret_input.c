#include "cli/secret_input.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#include "base/crypto.h"

enum { LINE_MAX_BYTES = 16384 };

static bool fail(const char *why)
{
    (void)fprintf(stderr, "gatehouse: %s\n", why);
    return false;
}

/* One line from a terminal. EINTR ends it: a signal has come, and the echo must come back before it works. */
static bool read_line(gh_text *ret)
{
    char c;
    ssize_t n;
    while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n' && gh_buf_ok(&ret->b))
        gh_text_put(ret, (gh_str){&c, 1});
    gh_wipe(&c, 1);
    return n >= 0 && gh_buf_ok(&ret->b);
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = number;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

/* With the echo off. Signals come after it is on again. */
static bool ask_hidden(const char *prompt, gh_text *ret)
{
    struct termios before, hidden;
    struct sigaction old[GH_COUNT(signals)], action = {.sa_handler = on_signal};
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return fail(strerrordesc_np(errno));
    hidden = before;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ECHONL;
    interrupted = 0;
    for (size_t i = 0; i < GH_COUNT(signals); i++)
        (void)sigaction(signals[i], &action, &old[i]);
    bool good = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
    if (good) {
        (void)fprintf(stderr, "%s: ", prompt);
        good = read_line(ret);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    }
    for (size_t i = 0; i < GH_COUNT(signals); i++)
        (void)sigaction(signals[i], &old[i], NULL);
    if (interrupted != 0) {
        (void)fputc('\n', stderr);
        (void)raise(interrupted);
        return false;
    }
    return good || fail("the terminal can't be read");
}

static bool ask(const char *prompt, bool twice, gh_text *ret)
{
    char second[96];
    gh_text again = {.cap = LINE_MAX_BYTES};
    if (!ask_hidden(prompt, ret))
        return false;
    if (!twice)
        return true;
    (void)snprintf(second, sizeof second, "%s again", prompt);
    bool read = ask_hidden(second, &again);
    bool same = read && gh_equal_secret(gh_text_str(ret), gh_text_str(&again));
    gh_text_free(&again);
    return same || (read && fail("the two are not the same; nothing was changed"));
}

static bool read_all(gh_text *ret)
{
    char piece[1024];
    ssize_t n;
    while (gh_buf_ok(&ret->b) && (n = read(STDIN_FILENO, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(strerrordesc_np(errno));
        gh_text_put(ret, (gh_str){piece, (size_t)n});
    }
    gh_wipe(piece, sizeof piece);
    return gh_buf_ok(&ret->b) || fail("standard input has more than a line of 16384 bytes");
}

static bool one_line(const char *prompt, gh_text *ret)
{
    char why[128];
    gh_buf *b = &ret->b;
    if (b->n > 0 && b->p[b->n - 1] == '\n')
        b->n--;
    if (b->n > 0 && b->p[b->n - 1] == '\r')
        b->n--;
    if (b->n > 0 && gh_str_find(gh_text_str(ret), '\n') == b->n)
        return true;
    (void)snprintf(why, sizeof why, "%s: standard input must be one line, but it %s", prompt,
                   b->n == 0 ? "is empty" : "has more than one");
    return fail(why);
}

bool gh_cli_read_secret(const char *prompt, bool twice, gh_text *ret)
{
    ret->cap = LINE_MAX_BYTES;
    if (isatty(STDIN_FILENO) != 0)
        return ask(prompt, twice, ret);
    return read_all(ret) && one_line(prompt, ret);
}

bool gh_cli_confirm(const char *question, gh_str expected)
{
    gh_text line = {.cap = LINE_MAX_BYTES};
    if (isatty(STDIN_FILENO) == 0)
        return fail("this can't be undone; --yes says that it is meant, where no terminal is there to ask");
    (void)fprintf(stderr, "%s: ", question);
    bool same = read_line(&line) && gh_str_eq(gh_text_str(&line), expected);
    gh_text_free(&line);
    return same || fail("that is something else; nothing was changed");
}
