/* The texts of a request: going through those that were chosen, and rewriting them. */
#ifndef GH_CONTRACT_TEXTS_H
#define GH_CONTRACT_TEXTS_H

#include "contract/input.h"

/* Which texts. A path to an object or array stands for all texts in it, and for the names of members in it: names
 * are texts too, with the pointer of their member. "*" adds the names of query parameters. Bytes of files are no
 * texts, their names are. Headers and cookies count only where a path names them. */
typedef struct gh_text_choice {
    const gh_field_path *paths;
    unsigned n;
    bool
        pointers; /* build them: at most GH_TEXT_POINTER_MAX bytes, else the one of the nearest parent that fits */
} gh_text_choice;

enum { GH_TEXT_POINTER_MAX = 1024 };

/* in: enum gh_in. name: of the parameter; absent in the body. pointer: in the body, when asked for; else absent.
 * text: decoded; of headers and cookies the bytes as they came, which may not be UTF-8. False: stop here. */
typedef bool gh_text_fn(void *data, uint8_t in, gh_str name, gh_str pointer, gh_str text);

enum gh_texts_result { GH_TEXTS_ALL, GH_TEXTS_STOPPED, GH_TEXTS_MEMORY /* no scratch left: to be refused */ };

/* Each text once, in the order path, query, header, cookie, body. Cookies are read here where input has not done it;
 * of the path there are only the parameters that source->pattern names. */
GH_MUST_CHECK enum gh_texts_result gh_texts_walk(const gh_input_source *source, const gh_input *input,
                                                 const gh_text_choice *choice, gh_arena *scratch,
                                                 gh_text_fn *fn, void *data);

enum gh_rewrite_how { GH_REWRITE_TEXT, GH_REWRITE_FILENAME }; /* <gatehouse/sanitize.h> */

typedef struct gh_rewrite {
    gh_field_path field; /* in the body */
    uint8_t how;         /* enum gh_rewrite_how */
    size_t max_length;   /* TEXT: in code points */
} gh_rewrite;

/* The body with the chosen texts rewritten by the first rule that takes each, in the form it came in: JSON written
 * anew, a urlencoded form written anew, of a multipart form only the parts that change, plain text. Changes
 * input->body too, so that who looks later sees the new texts. Names of members stay.
 *
 * Of a form, fields are rewritten by their name ("/tags" or, for one that repeats, "/tags/0" and "/tags/" "*"); what
 * is nested in a field (JSON in a part) is not. A file part has its file's name rewritten where the rule is
 * FILENAME; its bytes never change.
 *
 * *ret_changed false: the body is to be sent as it came, and *ret_body is absent. False: no memory. */
GH_MUST_CHECK bool gh_texts_rewrite(const gh_input *input, const gh_rewrite *rules, unsigned n,
                                    gh_arena *scratch, gh_str *ret_body, bool *ret_changed);

#endif
