/* The choices a configuration offers, as the policy and the controls see them. */
#ifndef GH_MODEL_CHOICES_H
#define GH_MODEL_CHOICES_H

enum gh_forwarded_style { GH_FORWARDED_X, GH_FORWARDED_RFC7239, GH_FORWARDED_BOTH, GH_FORWARDED_OFF };
enum gh_limit_headers {
    GH_LIMIT_HEADERS_IETF,
    GH_LIMIT_HEADERS_X,
    GH_LIMIT_HEADERS_BOTH,
    GH_LIMIT_HEADERS_OFF
};
enum gh_limit_scope {
    GH_SCOPE_IP,
    GH_SCOPE_HEADER,
    GH_SCOPE_DEVICE,
    GH_SCOPE_GLOBAL,
    GH_SCOPE_USER,
    GH_SCOPE_SESSION,
    GH_SCOPE_API_KEY
};
enum gh_mode { GH_MODE_ENFORCE, GH_MODE_OBSERVE };
enum gh_undeclared { GH_UNDECLARED_REFUSE, GH_UNDECLARED_REPORT, GH_UNDECLARED_FORWARD };
enum gh_unmatched { GH_UNMATCHED_FORWARD, GH_UNMATCHED_REFUSE };

#endif
