/* Secret settings: where their values are kept, and getting them from there, once all sources are read. What an earlier
 * source names and a later one overrides is never looked at. */
#include "config/load.h"
#include "wire/origin.h"

enum { NAME_MAX_BYTES = 2048, PATH_MAX_BYTES = 4096, MEMBER_MAX = 256 };

static const gh_str file_scheme = GH_STR_INIT("file:");
static const gh_str aws_scheme = GH_STR_INIT("aws:");

static bool is_alnum(char c)
{
    return gh_is_digit(c) || (gh_lower(c) >= 'a' && gh_lower(c) <= 'z');
}

/* Letters, digits and /_+=.@- of a name; an ARN has colons, too. */
static bool is_aws_name(gh_str name)
{
    for (size_t i = 0; i < name.n; i++)
        if (!is_alnum(name.p[i]) && memchr("/_+=.@-:", name.p[i], 8) == NULL)
            return false;
    return name.n > 0 && name.n <= NAME_MAX_BYTES;
}

bool gh_secret_is_reference(gh_str value)
{
    return gh_str_starts(value, file_scheme) || gh_str_starts(value, aws_scheme);
}

static const char *read_file_name(gh_str path, gh_secret_reference *ret)
{
    if (path.n == 0 || path.n > PATH_MAX_BYTES || memchr(path.p, '\0', path.n) != NULL)
        return "file: names no file: write file:/run/secrets/name";
    *ret = (gh_secret_reference){.kind = GH_SECRET_FILE, .name = path};
    return NULL;
}

static const char *read_aws_name(gh_str text, gh_secret_reference *ret)
{
    size_t hash = gh_str_find(text, '#');
    gh_str name = gh_str_cut(text, 0, hash), key = {NULL, 0};
    if (!is_aws_name(name))
        return "aws: names no secret: write aws:NAME, aws:ARN or aws:NAME#member";
    if (hash < text.n) {
        key = gh_str_cut(text, hash + 1, text.n);
        if (key.n == 0 || key.n > MEMBER_MAX)
            return "names no member of the secret's JSON object behind its \"#\"";
    }
    *ret = (gh_secret_reference){.kind = GH_SECRET_AWS, .name = name, .key = key};
    return NULL;
}

static gh_secret_entry *entry_of(gh_load *l, const gh_setting *s, gh_str *field)
{
    for (gh_secret_entry *e = l->secrets; e != NULL; e = e->next)
        if (e->field == field)
            return e;
    gh_secret_entry *e = gh_arena_new(&l->scratch, gh_secret_entry);
    if (e == NULL) {
        gh_load_no_memory(l);
        return NULL;
    }
    *e = (gh_secret_entry){.next = l->secrets, .setting = s, .field = field};
    l->secrets = e;
    return e;
}

static bool keep_copies(gh_load *l, gh_secret_entry *e)
{
    gh_str who = gh_arena_copy(&l->scratch, gh_str_of(e->who));
    gh_str name = gh_arena_copy(&l->scratch, e->reference.name);
    gh_str key = e->reference.key;
    if (key.p != NULL)
        key = gh_arena_copy(&l->scratch, key);
    if (who.p == NULL || name.p == NULL || (key.p == NULL) != (e->reference.key.p == NULL)) {
        gh_load_no_memory(l);
        return false;
    }
    e->who = who.p;
    e->reference.name = name;
    e->reference.key = key;
    return true;
}

bool gh_secret_refer(gh_load *l, const gh_setting *s, const char *who, const gh_place *place,
                     const gh_secret_reference *reference, gh_str *field)
{
    gh_secret_entry *e = entry_of(l, s, field);
    if (e == NULL)
        return false;
    e->who = who;
    e->place = *place;
    e->reference = *reference;
    e->referred = keep_copies(l, e);
    *field = (gh_str){NULL, 0};
    return e->referred;
}

/* text: in the memory for secrets already. */
static bool take(gh_load *l, const gh_setting *s, const char *who, const gh_place *place, gh_str text,
                 bool binary, gh_str *field)
{
    bool nul = text.n > 0 && memchr(text.p, '\0', text.n) != NULL;
    if (text.n < s->min || text.n > s->max) {
        gh_load_error(l, place, "%s: must have %llu to %llu bytes, not %zu%s", who,
                      (unsigned long long)s->min, (unsigned long long)s->max, text.n,
                      s->bytes ? "; make one with: openssl rand -hex 32" : "");
        return false;
    }
    if (nul && !(binary && s->bytes)) {
        gh_load_error(l, place, "%s: is not text: it holds a NUL byte", who);
        return false;
    }
    *field = text;
    return true;
}

bool gh_secret_set(gh_load *l, const gh_setting *s, const char *who, const gh_node *node, gh_str *field)
{
    gh_secret_reference reference;
    gh_secret_entry *e = entry_of(l, s, field);
    if (e == NULL)
        return false;
    if (gh_secret_is_reference(node->text)) {
        bool file = gh_str_starts(node->text, file_scheme);
        gh_str rest = gh_str_cut(node->text, file ? file_scheme.n : aws_scheme.n, node->text.n);
        const char *why = file ? read_file_name(rest, &reference) : read_aws_name(rest, &reference);
        if (why == NULL && !file && s->aws_own)
            why = "is what opens AWS Secrets Manager, and can't be kept in it";
        if (why == NULL)
            return gh_secret_refer(l, s, who, &node->place, &reference, field);
        gh_load_error(l, &node->place, "%s: %s", who, why);
        return false;
    }
    e->referred = false;
    gh_str text = gh_arena_copy(&l->config->secret_memory, node->text);
    if (text.p == NULL) {
        gh_load_no_memory(l);
        return false;
    }
    return take(l, s, who, &node->place, text, false, field);
}

/* What is before the parameters. libpq takes a "?" before the "@" for a part of the password, and so must we. */
static gh_str address_of(gh_str url)
{
    static const gh_str slashes = GH_STR_INIT("://");
    gh_str rest = gh_str_cut(url, gh_str_find(url, ':') + slashes.n, url.n);
    gh_str authority = gh_str_cut(rest, 0, gh_str_find(rest, '/'));
    bool user = gh_str_find(authority, '@') < authority.n;
    return user ? url : gh_str_cut(url, 0, gh_str_find(url, '?'));
}

/* "scheme://user:password@host", or "password=" anywhere: what makes a URL a secret. */
static bool has_password(gh_str url)
{
    static const gh_str word = GH_STR_INIT("password=");
    for (size_t i = 0; i + word.n <= url.n; i++)
        if (gh_str_eq_nocase(gh_str_cut(url, i, i + word.n), word))
            return true;
    /* Behind a "/" it would be none for a program, but may be one for whoever wrote it: all before the "@" counts. */
    gh_str address = address_of(url);
    size_t colon = gh_str_find(address, ':'), at = gh_str_find(address, '@');
    gh_str user = gh_str_cut(address, colon + 1, at);
    return at < address.n && gh_str_find(user, ':') < user.n;
}

void gh_secret_seen_in_yaml(gh_load *l, const gh_setting *s, const gh_node *node, gh_str *field)
{
    gh_secret_entry *e = entry_of(l, s, field);
    if (e == NULL || e->in_yaml.file != NULL || node->kind != GH_NODE_SCALAR ||
        gh_secret_is_reference(node->text))
        return;
    if (!s->url || has_password(node->text))
        e->in_yaml = node->key_place;
}

bool gh_secret_is_set(const gh_load *l, const gh_str *field)
{
    if (field->p != NULL)
        return true;
    for (const gh_secret_entry *e = l->secrets; e != NULL; e = e->next)
        if (e->field == field)
            return e->later;
    return false;
}

void gh_secrets_check_yaml(gh_load *l)
{
    char name[GH_SETTING_NAME_MAX];
    for (const gh_secret_entry *e = l->secrets; e != NULL; e = e->next) {
        if (e->in_yaml.file == NULL ||
            (!gh_setting_name(e->setting, 1, name) && !gh_setting_name(e->setting, 0, name)))
            continue;
        gh_load_error(
            l, &e->in_yaml,
            "%s: production takes it from %s, %s_FILE or a .env file, or from where file:PATH or aws:NAME says: "
            "this file is copied and shown; remove it here, and make a new one",
            e->setting->path, name, name);
    }
}

/* What a person recognises. A file's name that is no path may be a secret that was set under the wrong name. */
static const char *shown(const gh_secret_reference *r, char ret[GH_QUOTED_MAX])
{
    gh_buf b = gh_buf_over(ret, GH_QUOTED_MAX - 1);
    if (r->kind == GH_SECRET_FILE) {
        bool path = r->name.p[0] == '/' || gh_str_starts(r->name, GH_STR("./")) ||
                    gh_str_starts(r->name, GH_STR("../"));
        return path ? gh_quoted(r->name, ret)
                    : "the file it names (which is no path that begins with / or ./)";
    }
    gh_buf_put(&b, aws_scheme);
    gh_buf_put(&b, gh_str_cut(r->name, 0, 64));
    gh_buf_put(&b, r->name.n > 64 ? GH_STR("...") : GH_STR(""));
    ret[b.n] = '\0';
    return ret;
}

static bool read(gh_load *l, const gh_secret_entry *e, const gh_secret_reference *reference,
                 gh_secret_text *ret)
{
    const gh_config_input *in = l->input;
    char name[GH_QUOTED_MAX];
    bool good = in->read_secret != NULL &&
                in->read_secret(in->read_secret_data, l->config, reference, &l->config->secret_memory, ret);
    if (!good)
        gh_load_error(l, &e->place, "%s: %s cannot be read: %s", e->who, shown(reference, name),
                      ret->why[0] != '\0' ? ret->why : "reading secrets is not possible here");
    else if (ret->why[0] != '\0')
        gh_load_warning(l, &e->place, "%s: %s: %s", e->who, shown(reference, name), ret->why);
    return good;
}

static gh_str without_line_break(gh_str text)
{
    if (gh_str_ends(text, GH_STR("\n")))
        text.n--;
    if (gh_str_ends(text, GH_STR("\r")))
        text.n--;
    return text;
}

static void resolve(gh_load *l, gh_secret_entry *e)
{
    gh_secret_text got = {.why = ""};
    char name[GH_QUOTED_MAX];
    if (!read(l, e, &e->reference, &got))
        return;
    if (got.later) {
        e->later = l->config->secrets_later = true;
        gh_load_warning(l, &e->place, "%s: %s is got when Gatehouse starts; it was not checked", e->who,
                        shown(&e->reference, name));
        return;
    }
    gh_str text = e->reference.kind == GH_SECRET_FILE ? without_line_break(got.text) : got.text;
    text = gh_arena_copy(&l->config->secret_memory,
                         text); /* with a NUL behind it, as all texts of a configuration */
    if (text.p == NULL) {
        gh_load_no_memory(l);
        return;
    }
    (void)take(l, e->setting, e->who, &e->place, text, got.binary, e->field);
}

/* AWS keeps the version before: until nothing is left that was made with it, it still counts. */
static void resolve_previous(gh_load *l)
{
    gh_config *c = l->config;
    gh_secret_text got = {.why = ""};
    for (const gh_secret_entry *e = l->secrets; e != NULL; e = e->next) {
        gh_secret_reference before = e->reference;
        before.previous = true;
        if (e->field != &c->secret_key || !e->referred || before.kind != GH_SECRET_AWS ||
            c->secret_key.p == NULL || c->secret_key_previous.p != NULL || !read(l, e, &before, &got) ||
            got.text.p == NULL)
            continue;
        bool usable = got.text.n >= e->setting->min && got.text.n <= e->setting->max;
        if (!usable)
            gh_load_warning(l, &e->place,
                            "%s: the version before (AWSPREVIOUS) has %zu bytes and is passed over", e->who,
                            got.text.n);
        else if (!gh_str_eq(got.text, c->secret_key))
            c->secret_key_previous = got.text;
    }
}

void gh_secrets_resolve(gh_load *l)
{
    /* Files first: AWS may need what is in them. It is not asked by a configuration that is wrong: that may be where it says
     * whom to ask. */
    for (gh_secret_entry *e = l->secrets; e != NULL; e = e->next)
        if (e->referred && e->reference.kind == GH_SECRET_FILE)
            resolve(l, e);
    bool wrong = l->report->errors > l->errors;
    for (gh_secret_entry *e = l->secrets; e != NULL; e = e->next) {
        bool aws = e->referred && e->reference.kind == GH_SECRET_AWS;
        e->later = aws && wrong;
        if (aws && !wrong)
            resolve(l, e);
    }
    if (!wrong)
        resolve_previous(l);
}

static bool is_loopback(gh_str host)
{
    gh_ip ip;
    if (host.n > 2 && host.p[0] == '[')
        host = gh_str_cut(host, 1, host.n - 1);
    return gh_str_eq(host, GH_STR("localhost")) || (gh_ip_parse(host, &ip) && gh_ip_is_loopback(&ip));
}

const char *gh_form_endpoint(gh_load *l, gh_str text, gh_str *ret)
{
    gh_origin origin;
    const char *why;
    if (gh_str_ends(text, GH_STR("/")))
        text.n--;
    if (!gh_origin_configure(text, &l->scratch, ret, &why) ||
        gh_origin_parse(*ret, &origin) != GH_ORIGIN_TUPLE)
        return "is not an endpoint: write https://HOST or https://HOST:PORT, without a path";
    bool good = gh_str_eq(origin.scheme, GH_STR("https")) ||
                (gh_str_eq(origin.scheme, GH_STR("http")) && is_loopback(origin.host));
    return good ? NULL : "is reached without TLS: write https:// (http:// goes to this machine alone)";
}
