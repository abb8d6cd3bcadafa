#include "cli/secret_input.h"

#include <errno.h>
#include <poll.h>
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

/* Waits for a byte. `mask`: the signals that are blocked meanwhile; those that come end the wait, also one that came before
 * it began. NULL: as it is. */
static bool wait_for_input(const sigset_t *mask)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    return ppoll(&input, 1, NULL, mask) == 1;
}

/* One line from a terminal. A signal ends it: the echo must come back before it works. */
static bool read_line(const sigset_t *mask, gh_text *ret)
{
    char c;
    ssize_t n = -1;
    while (wait_for_input(mask) && (n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n' && gh_buf_ok(&ret->b)) {
        gh_text_put(ret, (gh_str){&c, 1});
        n = -1;
    }
    gh_wipe(&c, 1);
    return n >= 0 && gh_buf_ok(&ret->b);
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = number;
}

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};

static void catch_signals(sigset_t *ret_mask, struct sigaction old[])
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t mine;
    (void)sigemptyset(&mine);
    for (size_t i = 0; i < GH_COUNT(signals); i++)
        (void)sigaddset(&mine, signals[i]);
    (void)sigprocmask(SIG_BLOCK, &mine, ret_mask);
    interrupted = 0;
    for (size_t i = 0; i < GH_COUNT(signals); i++)
        (void)sigaction(signals[i], &action, &old[i]);
}

/* What came works now. */
static void release_signals(const sigset_t *mask, const struct sigaction old[])
{
    for (size_t i = 0; i < GH_COUNT(signals); i++)
        (void)sigaction(signals[i], &old[i], NULL);
    if (interrupted != 0) {
        (void)fputc('\n', stderr);
        (void)raise(interrupted);
    }
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
}

/* With the echo off. Signals come after it is on again. */
static bool ask_hidden(const char *prompt, gh_text *ret)
{
    struct termios before, hidden;
    struct sigaction old[GH_COUNT(signals)];
    sigset_t mask;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return fail(strerrordesc_np(errno));
    hidden = before;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ECHONL;
    catch_signals(&mask, old);
    bool good = tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden) == 0;
    if (good) {
        (void)fprintf(stderr, "%s: ", prompt);
        good = read_line(&mask, ret);
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    }
    release_signals(&mask, old);
    if (interrupted != 0)
        return false;
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
    bool same = read_line(NULL, &line) && gh_str_eq(gh_text_str(&line), expected);
    gh_text_free(&line);
    return same || fail("that is something else; nothing was changed");
}
