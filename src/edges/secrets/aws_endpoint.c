#include "edges/secrets/aws_endpoint.h"

#include "base/buf.h"
#include "edges/secrets/environment.h"
#include "edges/secrets/file.h"
#include "wire/origin.h"

/* An instance's endpoint is one hop away or not there at all: no reason to wait long. */
enum {
    URL_SIZE = 2048,
    HEADER_SIZE = 4096,
    CONNECT_MS = 1000,
    TOTAL_MS = 2000,
    ROLE_MAX = 64,
    ANSWER_MAX = 16 * 1024
};

static const char container_host[] = "http://169.254.170.2";
static const char instance_host[] = "http://169.254.169.254";

static enum gh_aws_source fail(char why[GH_SECRET_HTTP_WHY], const char *what, const char *reason)
{
    gh_buf b = gh_buf_over(why, GH_SECRET_HTTP_WHY - 1);
    gh_buf_put(&b, gh_str_of(what));
    gh_buf_put(&b, gh_str_cut(gh_str_of(reason), 0, gh_buf_room(&b)));
    why[b.n] = '\0';
    return GH_AWS_FAILED;
}

bool gh_aws_may_ask(gh_str url)
{
    /* ECS; EKS Pod Identity; EC2, over IPv4 and IPv6. */
    static const gh_str own[] = {GH_STR_INIT("169.254.170.2"),   GH_STR_INIT("169.254.170.23"),
                                 GH_STR_INIT("[fd00:ec2::23]"),  GH_STR_INIT("169.254.169.254"),
                                 GH_STR_INIT("[fd00:ec2::254]"), GH_STR_INIT("localhost")};
    gh_origin origin;
    gh_ip ip;
    size_t host = 0;
    for (unsigned slashes = 0; host < url.n && slashes < 3; host++)
        slashes += url.p[host] == '/';
    gh_str text = gh_str_cut(url, 0, host < url.n || gh_str_ends(url, GH_STR("/")) ? host - 1 : url.n);
    if (gh_origin_parse(text, &origin) != GH_ORIGIN_TUPLE)
        return false;
    if (gh_str_eq(origin.scheme, GH_STR("https")))
        return true;
    if (!gh_str_eq(origin.scheme, GH_STR("http")))
        return false;
    for (size_t i = 0; i < GH_COUNT(own); i++)
        if (gh_str_eq(origin.host, own[i]))
            return true;
    gh_str address =
        gh_str_starts(origin.host, GH_STR("[")) ? gh_str_cut(origin.host, 1, origin.host.n - 1) : origin.host;
    return gh_ip_parse(address, &ip) && gh_ip_is_loopback(&ip);
}

/* Visible characters and spaces: "Bearer abc". */
static bool is_line(gh_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] < ' ' || text.p[i] > '~')
            return false;
    return true;
}

/* "Name: value", NUL-terminated, in the arena. NULL: no memory, or the value has no business in a header. */
static const char *header(gh_arena *arena, const char *name, gh_str value)
{
    char *memory = value.n > HEADER_SIZE || !is_line(value) ? NULL : gh_arena_alloc(arena, HEADER_SIZE + 64);
    if (memory == NULL)
        return NULL;
    gh_buf b = gh_buf_over(memory, HEADER_SIZE + 64);
    gh_buf_put(&b, gh_str_of(name));
    gh_buf_lit(&b, ": ");
    gh_buf_put(&b, value);
    gh_buf_char(&b, '\0');
    return gh_buf_ok(&b) ? memory : NULL;
}

/* A whole 200 at base + path. header_line NULL: none. */
static bool ask(const gh_aws_chain *chain, const char *method, const char *header_line,
                const gh_str url_parts[3], gh_arena *arena, gh_str *ret, char why[GH_SECRET_HTTP_WHY])
{
    char url[URL_SIZE];
    gh_buf b = gh_buf_over(url, sizeof url);
    for (unsigned i = 0; i < 3; i++)
        gh_buf_put(&b, url_parts[i]);
    gh_buf_char(&b, '\0');
    gh_secret_http_answer answer = {0};
    const gh_secret_http request = {.method = method,
                                    .url = url,
                                    .headers = &header_line,
                                    .n_headers = header_line == NULL ? 0 : 1,
                                    .max = ANSWER_MAX,
                                    .connect_ms = CONNECT_MS,
                                    .total_ms = TOTAL_MS,
                                    .stop = chain->stop};
    if (!gh_buf_ok(&b) || !gh_aws_is_visible(gh_str_cut(gh_buf_str(&b), 0, b.n - 1))) {
        (void)fail(why, "", "its address is too long, or not one");
        return false;
    }
    if (!gh_secret_http_do(&request, arena, &answer, why))
        return false;
    if (answer.status != 200) {
        gh_buf w = gh_buf_over(why, GH_SECRET_HTTP_WHY - 1);
        gh_buf_printf(&w, "it answers with status %u", answer.status);
        why[w.n] = '\0';
        return false;
    }
    *ret = answer.body;
    return true;
}

/* --- a container --- */

static gh_str first_line(gh_str text)
{
    text = gh_str_cut(text, 0, gh_str_find(text, '\n'));
    return gh_str_trim(gh_str_ends(text, GH_STR("\r")) ? gh_str_cut(text, 0, text.n - 1) : text);
}

/* The Authorization header, absent where none is asked for. False: why. The file comes first: it is written anew when the
 * token changes. */
static bool container_token(const gh_aws_chain *chain, gh_arena *arena, const char **ret,
                            char why[GH_SECRET_HTTP_WHY])
{
    gh_str file = gh_environment_get(chain->environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    gh_secret_text text = {
        .text = gh_environment_get(chain->environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN"), .why = ""};
    if (file.n > 0) {
        if (!gh_secrets_read_file(file, arena, &text)) {
            (void)fail(why, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE can't be read: ", text.why);
            return false;
        }
        text.text = first_line(text.text);
    }
    *ret = NULL;
    if (text.text.n > 0 && (*ret = header(arena, "Authorization", text.text)) == NULL) {
        (void)fail(why, "", "AWS_CONTAINER_AUTHORIZATION_TOKEN is not one line of visible characters");
        return false;
    }
    return true;
}

enum gh_aws_source gh_aws_ask_container(const gh_aws_chain *chain, gh_arena *arena, gh_aws_credentials *ret,
                                        char why[GH_SECRET_HTTP_WHY])
{
    gh_str relative = gh_environment_get(chain->environment, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    gh_str full = gh_environment_get(chain->environment, "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
           body = {NULL, 0};
    const char *line = NULL, *reason = NULL;
    char because[GH_SECRET_HTTP_WHY] = "";
    if (relative.n == 0 && full.n == 0)
        return GH_AWS_NOT_HERE;
    if (relative.n > 0 ? relative.p[0] != '/' : !gh_aws_may_ask(full))
        return fail(why, "",
                    relative.n > 0
                        ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with \"/\""
                        : "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor this machine's");
    if (!container_token(chain, arena, &line, why))
        return GH_AWS_FAILED;
    const gh_str url[3] = {relative.n > 0 ? gh_str_of(container_host) : full, relative, {NULL, 0}};
    if (!ask(chain, "GET", line, url, arena, &body, because))
        return fail(why, "the container's credentials can't be got: ", because);
    if (!gh_aws_read_credentials(body, arena, ret, &reason))
        return fail(why, "the container's credentials can't be got: ", reason);
    return GH_AWS_GOT;
}

/* --- an instance --- */

static gh_str instance_base(const gh_aws_chain *chain)
{
    gh_str other = gh_environment_get(chain->environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
    gh_str mode = gh_environment_get(chain->environment, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    if (gh_str_ends(other, GH_STR("/")))
        other.n--;
    return other.n > 0                              ? other
           : gh_str_eq_nocase(mode, GH_STR("IPv6")) ? GH_STR("http://[fd00:ec2::254]")
                                                    : gh_str_of(instance_host);
}

/* Its name goes into the next path. */
static bool is_role(gh_str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = gh_lower(name.p[i]);
        if ((c < 'a' || c > 'z') && !gh_is_digit(c) && memchr("+=,.@_-", c, 7) == NULL)
            return false;
    }
    return name.n > 0 && name.n <= ROLE_MAX;
}

enum gh_aws_source gh_aws_ask_instance(const gh_aws_chain *chain, gh_arena *arena, gh_aws_credentials *ret,
                                       char why[GH_SECRET_HTTP_WHY])
{
    static const char ttl[] = "X-aws-ec2-metadata-token-ttl-seconds: 21600";
    static const char failed[] = "the instance's credentials can't be got: ";
    static const gh_str list = GH_STR_INIT("/latest/meta-data/iam/security-credentials/");
    gh_str token = {NULL, 0}, roles = {NULL, 0}, body = {NULL, 0};
    char because[GH_SECRET_HTTP_WHY] = "";
    const char *line = NULL, *reason = NULL;
    if (gh_str_eq_nocase(gh_environment_get(chain->environment, "AWS_EC2_METADATA_DISABLED"), GH_STR("true")))
        return GH_AWS_NOT_HERE;
    gh_str base = instance_base(chain);
    if (!gh_aws_may_ask(base))
        return fail(why, "", "AWS_EC2_METADATA_SERVICE_ENDPOINT is neither https nor this machine's");
    const gh_str token_url[3] = {base, GH_STR("/latest/api/token"), {NULL, 0}},
                 roles_url[3] = {base, list, {NULL, 0}};
    if (!ask(chain, "PUT", ttl, token_url, arena, &token, because))
        return fail(why, failed, because);
    line = token.n == 0 ? NULL : header(arena, "X-aws-ec2-metadata-token", token);
    if (line == NULL || !ask(chain, "GET", line, roles_url, arena, &roles, because))
        return fail(why, failed, line == NULL ? "its token is none" : because);
    roles = first_line(roles);
    if (!is_role(roles))
        return fail(why, failed, "it has no role");
    const gh_str role_url[3] = {base, list, roles};
    if (!ask(chain, "GET", line, role_url, arena, &body, because))
        return fail(why, failed, because);
    return gh_aws_read_credentials(body, arena, ret, &reason) ? GH_AWS_GOT : fail(why, failed, reason);
}
