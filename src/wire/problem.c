#include "wire/problem.h"

#include "wire/json_text.h"

static void put_text(gh_buf *out, gh_str name, gh_str value)
{
    if (value.p == NULL)
        return;
    gh_buf_char(out, ',');
    gh_json_string(out, name);
    gh_buf_char(out, ':');
    gh_json_string(out, value);
}

void gh_problem_put(gh_buf *out, const gh_problem *problem)
{
    gh_buf_lit(out, "{\"type\":");
    gh_json_string(out, problem->type.p == NULL ? GH_STR("about:blank") : problem->type);
    put_text(out, GH_STR("title"), problem->title);
    if (problem->status != 0) {
        gh_buf_lit(out, ",\"status\":");
        gh_buf_u64(out, problem->status);
    }
    put_text(out, GH_STR("detail"), problem->detail);
    put_text(out, GH_STR("instance"), problem->instance);
    put_text(out, GH_STR("error"), problem->error);
    put_text(out, GH_STR("message"), problem->message);
    if (problem->retry_after >= 0) {
        gh_buf_lit(out, ",\"retry_after\":");
        gh_buf_u64(out, (uint64_t)problem->retry_after);
    }
    gh_buf_char(out, '}');
}
