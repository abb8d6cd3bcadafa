/* Gatehouse's decisions inside a program of your own: nothing listens, nothing is sent. See README.md. */
#include <gatehouse/gatehouse.h>
#include <stdio.h>

static const char yaml[] =
    "hosts: { allowed: [api.example.com] }\n"
    "cors: { enabled: true, origins: [https://app.example.com], methods: [GET, POST] }\n"
    "rate_limits:\n"
    "  default: { requests: 2, window: 60s }\n"
    "routes: [{ name: songs, path: \"/songs/**\" }]\n";

/* A real program asks the kernel: getrandom(out, n, 0). */
static void not_random(void *data, void *out, size_t n)
{
    memset(out, *(const int *)data, n);
}

static void decide(gh_decision *d, const gh_policy *policy, gh_state *state, gh_request *request)
{
    static const unsigned char key[16] = "16 secret bytes";
    static int seed = 0xA5;
    gh_world world = {.now_ms = 1000, .key = key, .random = not_random, .random_data = &seed};
    char lines[4096], body[4096];
    gh_space head = {lines, sizeof lines, 0}, document = {body, sizeof body, 0};
    gh_details v;
    enum gh_outcome outcome = gh_decide(d, policy, state, &world, request);
    gh_decision_details(d, &v);
    printf("%.*s %.*s: ", (int)request->method.n, request->method.p, (int)request->target.n,
           request->target.p);
    if (outcome == GH_OUTCOME_FORWARD)
        printf("forward %.*s to route %.*s\n", (int)v.path.n, v.path.p, (int)v.route.n, v.route.p);
    else if (gh_decision_answer(d, &head, &document))
        printf("%u %.*s\n%.*s%.*s\n", v.status, (int)v.reason.n, v.reason.p, (int)head.n, lines,
               (int)document.n, body);
}

int main(void)
{
    char errors[4096];
    gh_policy *policy = gh_policy_load(gh_str_of(yaml), "embed", errors, sizeof errors);
    if (policy == NULL)
        return fputs(errors, stderr), 1;
    gh_state *state = gh_state_new(gh_policy_max_clients(policy));
    gh_decision *d = gh_decision_new();
    gh_field preflight[] = {{GH_STR("Origin"), GH_STR("https://app.example.com"), 0},
                            {GH_STR("Access-Control-Request-Method"), GH_STR("POST"), 0}};
    gh_request r = {
        .method = GH_STR("GET"), .target = GH_STR("/songs/../songs/%37"), .host = GH_STR("api.example.com")};
    if (state == NULL || d == NULL || !gh_ip_parse(GH_STR("192.0.2.1"), &r.peer))
        return 1;
    for (int i = 0; i < 3; i++) /* the third is over the limit */
        decide(d, policy, state, &r);
    r.host = GH_STR("evil.example");
    decide(d, policy, state, &r);
    r = (gh_request){.method = GH_STR("OPTIONS"),
                     .target = GH_STR("/songs/7"),
                     .host = GH_STR("api.example.com"),
                     .fields = preflight,
                     .n_fields = 2,
                     .peer = r.peer};
    decide(d, policy, state, &r);
    gh_decision_free(d);
    gh_state_free(state);
    gh_policy_free(policy);
    return 0;
}
