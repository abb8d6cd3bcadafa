/* From which site does a request come, as far as the browser says? Fetch Metadata (W3C), then Origin (WHATWG Fetch), then
 * Referer. */
#ifndef GH_CONTROLS_CSRF_SITE_H
#define GH_CONTROLS_CSRF_SITE_H

#include "model/txn.h"

enum gh_csrf_site {
    GH_CSRF_OURS,    /* a page of ours, or of an origin that is trusted; or the user's own doing */
    GH_CSRF_FOREIGN, /* another one, or one that does not say its name */
    GH_CSRF_UNSAID /* no browser that people use sends unsafe requests without saying: a program, or an old one */
};
enum gh_csrf_site gh_csrf_site(const gh_txn *txn);

#endif
