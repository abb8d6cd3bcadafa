/* Characters that should not be in a text, or that show it as another text than it is. */
#include "text/danger_rules.h"
#include "text/decode.h"
#include "text/hidden.h"

static bool is_control(uint32_t code)
{
    return (code < ' ' && code != '\t' && code != '\n' && code != '\r') || (code >= 0x7F && code < 0xA0);
}

bool gh_danger_control(const gh_danger_view *view)
{
    /* Undone escapes give bytes of all kinds; a NUL is the one that nobody writes so by chance. */
    if (view->layers > 0)
        return view->text.n > 0 && memchr(view->text.p, '\0', view->text.n) != NULL;
    for (gh_str rest = view->text; rest.n > 0;)
        if (is_control(gh_text_next(&rest)))
            return true;
    return false;
}

bool gh_danger_bidi(const gh_danger_view *view)
{
    gh_hidden state = {0};
    for (gh_str rest = view->text; rest.n > 0;)
        if (gh_hidden_next(&state, &rest, NULL))
            return true;
    return false;
}
