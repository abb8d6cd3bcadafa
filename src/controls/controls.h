/* Every control there is. The order they run in is core/pipeline.c's business alone. */
#ifndef GH_CONTROLS_CONTROLS_H
#define GH_CONTROLS_CONTROLS_H

#include "model/control.h"

extern const gh_control gh_control_client_address;
extern const gh_control gh_control_target;
extern const gh_control gh_control_hosts;
extern const gh_control gh_control_cors;
extern const gh_control gh_control_methods;
extern const gh_control gh_control_routes;
extern const gh_control gh_control_openapi;
extern const gh_control gh_control_media_type;
extern const gh_control gh_control_body_size;
extern const gh_control gh_control_credentials;
extern const gh_control gh_control_token;
extern const gh_control gh_control_standing;
extern const gh_control gh_control_csrf;
extern const gh_control gh_control_rights;
extern const gh_control gh_control_csrf_form;
extern const gh_control gh_control_rate_limits;
extern const gh_control gh_control_validation;
extern const gh_control gh_control_dangerous_content;
extern const gh_control gh_control_sanitize;
extern const gh_control gh_control_headers;

#endif
