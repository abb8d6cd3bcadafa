#include "cli/templates.h"

const gh_template gh_templates[] = {
    {.name = "fastapi",
     .upstream = "http://127.0.0.1:8000",
     .behind =
         "# Start the API so that it believes the client's address from Gatehouse only:\n"
         "# uvicorn main:app --host 127.0.0.1 --port 8000 --proxy-headers --forwarded-allow-ips 127.0.0.1\n",
     .exempt = "[/health, /docs, /redoc, /openapi.json]",
     .example =
         "# Only what the API declares in its own OpenAPI document, with the right types and lengths. Commented\n"
         "# out because without a document at that path all requests would get 503. To switch it on take the\n"
         "# # away from these lines; gatehouse openapi check lists what is enforced. With mode: enforce (or\n"
         "# without the line) requests that do not fit are refused.\n"
         "#openapi:\n"
         "#  document: upstream:/openapi.json\n"
         "#  exempt_paths: [/docs, /redoc, /openapi.json] # not in the document\n"
         "#  optional_null: off # on for Pydantic 1: null passes for what is optional\n"
         "#validation:\n"
         "#  mode: observe # only reports; enforce when the log looks right\n"
         "\n"
         "# The pages of the API's documentation need scripts, which the headers of an API forbid.\n"
         "routes:\n"
         "  - name: health\n"
         "    methods: [GET, HEAD]\n"
         "    path: /health\n"
         "    #require: { public: on } # with identity\n"
         "  - name: docs\n"
         "    methods: [GET, HEAD]\n"
         "    path: /docs\n"
         "    #require: { public: on } # with identity\n"
         "    headers:\n"
         "      profile: html\n"
         "      content_security_policy: \"default-src 'self'; script-src 'self' 'unsafe-inline' "
         "https://cdn.jsdelivr.net; style-src 'self' 'unsafe-inline' https://cdn.jsdelivr.net; "
         "img-src 'self' data: https://fastapi.tiangolo.com; frame-ancestors 'none'\"\n"
         "  - name: redoc\n"
         "    methods: [GET, HEAD]\n"
         "    path: /redoc\n"
         "    #require: { public: on } # with identity\n"
         "    headers:\n"
         "      profile: html\n"
         "      content_security_policy: \"default-src 'self'; script-src 'self' 'unsafe-inline' "
         "https://cdn.jsdelivr.net; style-src 'self' 'unsafe-inline' https://fonts.googleapis.com; "
         "font-src https://fonts.gstatic.com; worker-src blob:; "
         "img-src 'self' data: https://fastapi.tiangolo.com https://cdn.redoc.ly; "
         "frame-ancestors 'none'\"\n"},
    {.name = "express",
     .upstream = "http://127.0.0.1:3000",
     .behind = "# In the API, believe the client's address from Gatehouse only:\n"
               "# app.set('trust proxy', 'loopback'); app.listen(3000, '127.0.0.1')\n",
     .exempt = "[/health]",
     .example = "#routes:\n"
                "#  - name: health\n"
                "#    path: /health\n"
                "#    require: { public: on } # only with identity\n"
                "#  - name: pages\n"
                "#    methods: [GET, HEAD]\n"
                "#    path: /app/**\n"
                "#    headers: { profile: html }\n"},
    {.name = "generic",
     .upstream = "http://127.0.0.1:8000",
     .behind =
         "# Let the API listen on 127.0.0.1 only, so that nobody reaches it without Gatehouse. The client's\n"
         "# address comes to it in X-Forwarded-For, which it should believe from Gatehouse alone.\n",
     .exempt = "[/health]",
     .example = "#routes:\n"
                "#  - name: health\n"
                "#    path: /health\n"
                "#    require: { public: on } # only with identity\n"
                "#  - name: upload\n"
                "#    methods: [POST]\n"
                "#    path: /upload\n"
                "#    max_body: 100MiB\n"},
};
const unsigned gh_n_templates = GH_COUNT(gh_templates);

static void put(gh_buf *out, const char *text)
{
    gh_buf_put(out, gh_str_of(text));
}

static void put_limits(const gh_template *t, gh_buf *out)
{
    put(out, "rate_limits:\n"
             "  default: { requests: 60, window: 60s } # for each client address; over it: 429\n"
             "  exempt_paths: ");
    put(out, t->exempt);
    put(out, "\n"
             "  # Stricter rules for what costs more; the default applies besides.\n"
             "  #rules:\n"
             "  #  - name: generate\n"
             "  #    methods: [POST]\n"
             "  #    paths: [/generate]\n"
             "  #    limits: [10/minute, 100/hour]\n"
             "  #    mode: observe # only logs whom it would refuse; enforce when the log looks right\n"
             "\n");
}

static void put_cors(gh_buf *out)
{
    put(out, "# Browsers: which pages of other origins may call the API.\n"
             "cors:\n"
             "  enabled: false\n"
             "  #origins: [http://localhost:3000]\n"
             "  #methods: [GET, POST]\n"
             "  #headers: [Authorization, Content-Type]\n"
             "  #credentials: false\n"
             "\n");
}

static void put_identity(gh_buf *out)
{
    put(out,
        "# Who is asking: accounts, sessions, tokens and API keys, with endpoints below /api/auth. Routes then demand\n"
        "# somebody with, for example, require: { user: on } or require: { roles: [admin] }.\n"
        "#identity:\n"
        "#  enabled: on # keeps its data in ./gatehouse-data; in production name data.folder\n"
        "#  deny_by_default: on # whatever no route opens, with require: { public: on }, is for those who are known\n"
        "#  registration: open # closed: accounts are made with gatehouse user add\n"
        "#  session: { insecure_cookies: on } # for http://localhost only; production refuses it\n"
        "\n");
}

void gh_template_yaml(const gh_template *t, gh_buf *out)
{
    put(out, "# The configuration of Gatehouse. Check it: gatehouse check. Run it: gatehouse serve.\n"
             "# All settings: gatehouse reference. What is not named here has a safe default.\n"
             "# A line that starts with # and no space is a suggestion: take the # away.\n"
             "\n"
             "profile: development # production forbids what is fine only while developing\n"
             "\n"
             "server:\n"
             "  listen: [127.0.0.1:8080]\n"
             "\n");
    put(out, t->behind);
    put(out, "upstreams:\n"
             "  - name: api\n"
             "    servers: [");
    put(out, t->upstream);
    put(out,
        "]\n"
        "    #health: { path: /health, interval: 5s }\n"
        "\n"
        "# The names clients may ask for; others get 400.\n"
        "hosts:\n"
        "  allowed: [localhost, 127.0.0.1] # in production: api.example.com\n"
        "\n"
        "# Proxies before Gatehouse, whose X-Forwarded-For is believed. None: the connection's address counts.\n"
        "client_address:\n"
        "  trusted_proxies: []\n"
        "\n");
    put_limits(t, out);
    put_cors(out);
    put_identity(out);
    put(out, "limits:\n"
             "  body: 10MiB\n"
             "\n");
    put(out, t->example);
}

void gh_template_env(const gh_template *t, gh_buf *out)
{
    (void)t;
    put(out, "# Copy to .env. What is set here wins over gatehouse.yaml; the environment wins over both.\n"
             "# Never commit the copy.\n"
             "\n"
             "# At least 32 bytes that nobody can guess: openssl rand -hex 32\n"
             "#SECRET_KEY=\n"
             "\n"
             "#RATE_LIMIT_ENABLED=true\n"
             "#RATE_LIMIT_PER_MINUTE=60\n"
             "#SECURE_HEADERS=true\n"
             "#CORS_ENABLED=true\n"
             "#ALLOWED_ORIGINS=http://localhost:3000\n"
             "#ALLOWED_HOSTS=localhost,127.0.0.1\n"
             "#TRUSTED_PROXIES=\n"
             "\n"
             "# With identity: times are seconds.\n"
             "#MAX_SESSION_AGE=86400\n"
             "#SESSION_CLEANUP_INTERVAL=3600\n"
             "#MAX_AUTH_ATTEMPTS=5\n"
             "#AUTH_ATTEMPT_TIMEOUT=300\n"
             "#MAX_DEVICES_PER_USER=10\n"
             "#DEVICE_REGISTRATION_TIMEOUT=1800\n");
}
