/* Loading: defaults, then each source over the one before, then the checks. */
#include "config/config.h"

#include "config/load.h"

enum { CONFIG_BYTES_MAX = 64 << 20, SCRATCH_BYTES_MAX = 64 << 20, SECRET_BYTES_MAX = 1 << 20 };

static const char command_line[] = "command line";

static gh_config *new_config(void)
{
    gh_arena arena;
    gh_arena_init(&arena, NULL, 0, CONFIG_BYTES_MAX);
    gh_config *config = gh_arena_new(&arena, gh_config);
    if (config == NULL)
        return NULL;
    config->arena = arena;
    return config;
}

void gh_config_free(gh_config *config)
{
    if (config == NULL)
        return;
    gh_config_forget_ring(config);
    gh_arena_wipe(&config->secret_memory);
    gh_arena_reset(&config->secret_memory);
    gh_arena arena = config->arena; /* the configuration lies in its own arena */
    gh_arena_wipe(&arena);
    gh_arena_reset(&arena);
}

void gh_config_forget_ring(gh_config *config)
{
    gh_arena_wipe(&config->ring_memory);
    gh_arena_reset(&config->ring_memory);
    config->identity_ring = NULL;
    config->n_identity_ring = 0;
    config->identity_generations = NULL;
    config->n_identity_generations = 0;
    config->identity_naming = (gh_str){NULL, 0};
}

static const char *keep_name(gh_load *l, const char *name)
{
    const char *kept = gh_arena_copy(&l->config->arena, gh_str_of(name == NULL ? "configuration" : name)).p;
    if (kept != NULL)
        return kept;
    gh_load_no_memory(l);
    return "configuration";
}

static void read_sources(gh_load *l)
{
    for (unsigned i = 0; i < l->input->n_sources; i++) {
        const gh_config_source *source = &l->input->sources[i];
        const char *name = keep_name(l, source->name);
        if (source->kind == GH_SOURCE_DOTENV) {
            gh_named_values values = {0};
            gh_dotenv_read(l, name, source->text, &values);
            gh_named_apply(l, &values);
            continue;
        }
        unsigned errors = l->report->errors;
        const gh_node *root = gh_yaml_read(l, name, source->text);
        if (root != NULL)
            gh_yaml_apply(l, root);
        else if (l->report->errors > errors)
            l->unread = true;
    }
}

static gh_upstream_config *first_upstream(gh_load *l)
{
    gh_config *c = l->config;
    if (c->n_upstreams > 0)
        return &c->upstreams[0];
    gh_upstream_config *upstream = gh_arena_new(&c->arena, gh_upstream_config);
    if (upstream == NULL) {
        gh_load_no_memory(l);
        return NULL;
    }
    gh_part_defaults(l, GH_PART_UPSTREAM, upstream);
    upstream->name = GH_STR("default");
    upstream->place = (gh_place){command_line, 0, 0};
    c->upstreams = upstream;
    c->n_upstreams = 1;
    return upstream;
}

/* A list as the command line gives it, one word an item: commas are not looked at. */
static void set_list(gh_load *l, const char *path, const char *who, gh_str_list list, void *base)
{
    gh_node node = {.kind = GH_NODE_LIST, .place = {command_line, 0, 0}};
    for (unsigned i = 0; i < list.n; i++) {
        gh_node *item = gh_arena_new(&l->scratch, gh_node);
        if (item == NULL) {
            gh_load_no_memory(l);
            return;
        }
        *item = (gh_node){.variable = true, .text = list.items[i], .place = node.place};
        if (node.last == NULL)
            node.first = item;
        else
            node.last->next = item;
        node.last = item;
        node.n++;
    }
    (void)gh_value_set(l, gh_setting_find(gh_str_of(path)), who, &node, base);
}

static void read_command_line(gh_load *l)
{
    const gh_config_input *in = l->input;
    if (in->upstream.p != NULL) {
        gh_str upstream = in->upstream;
        gh_upstream_config *first = first_upstream(l);
        if (first != NULL)
            set_list(l, "upstreams[].servers", "UPSTREAM", (gh_str_list){&upstream, 1}, first);
    }
    if (in->listen.n > 0)
        set_list(l, "server.listen", "--listen", in->listen, l->config);
    if (in->admin_listen.p != NULL)
        (void)gh_value_set_text(l, gh_setting_find(GH_STR("admin.listen")), "--admin",
                                (gh_named_value){.value = in->admin_listen, .place = {command_line, 0, 0}},
                                l->config);
    if (in->openapi.p != NULL)
        (void)gh_value_set_text(l, gh_setting_find(GH_STR("openapi.document")), "--openapi",
                                (gh_named_value){.value = in->openapi, .place = {command_line, 0, 0}},
                                l->config);
}

/* Files in the order they were read, then the environment, the command line, and what has no place. */
static unsigned rank(const gh_config_input *in, const char *file)
{
    if (file == NULL)
        return in->n_sources + 2;
    for (unsigned i = 0; i < in->n_sources; i++)
        if (in->sources[i].name != NULL && strcmp(in->sources[i].name, file) == 0)
            return i;
    return in->n_sources + (strcmp(file, command_line) == 0 ? 1 : 0);
}

static bool is_before(const gh_config_input *in, const gh_report_item *a, const gh_report_item *b)
{
    unsigned rank_a = rank(in, a->file), rank_b = rank(in, b->file);
    if (rank_a != rank_b)
        return rank_a < rank_b;
    if (a->line != b->line)
        return a->line < b->line;
    return a->column < b->column;
}

/* By insertion: it is stable, and a report is short. Only what this load added. */
static void sort_report(gh_report *r, unsigned from, const gh_config_input *in)
{
    for (unsigned i = from + 1; i < r->n; i++) {
        gh_report_item item = r->items[i];
        unsigned at = i;
        for (; at > from && is_before(in, &item, &r->items[at - 1]); at--)
            r->items[at] = r->items[at - 1];
        r->items[at] = item;
    }
}

static void load(gh_load *l)
{
    l->config->read_document = l->input->read_document;
    l->config->read_document_data = l->input->read_document_data;
    l->config->read_jwks = l->input->read_jwks;
    l->config->read_jwks_data = l->input->read_jwks_data;
    gh_arena_init_from(&l->config->secret_memory, l->input->secret_source, SECRET_BYTES_MAX);
    gh_part_defaults(l, GH_PART_CONFIG, l->config);
    read_sources(l);
    gh_named_values values = {0};
    gh_environment_read(l, l->input->environment, &values);
    gh_named_apply(l, &values);
    read_command_line(l);
    if (l->out_of_memory || l->unread)
        return;
    gh_secrets_resolve(l);
    gh_identity_defaults(l);
    gh_check_all(l);
    gh_near_misses_say(l);
}

gh_config *gh_config_load(const gh_config_input *input, gh_report *report)
{
    gh_load l = {.report = report, .input = input, .config = new_config(), .errors = report->errors};
    unsigned items = report->n;
    gh_arena_init(&l.scratch, NULL, 0, SCRATCH_BYTES_MAX);
    if (l.config == NULL)
        l.out_of_memory = true;
    else
        load(&l);
    if (l.out_of_memory)
        gh_report_error(report, NULL, 0, 0, "the configuration needs more memory than there is");
    sort_report(report, items, input);
    gh_arena_wipe(&l.scratch); /* the texts it was read from: secrets are among them */
    gh_arena_reset(&l.scratch);
    if (report->errors == l.errors)
        return l.config;
    gh_config_free(l.config);
    return NULL;
}
