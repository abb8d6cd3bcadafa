/* CRC-32 of IEEE 802.3 (reflected, polynomial 0xEDB88320), as in zip and PNG. It finds slips of the pen, and nothing that
 * somebody means to do. Pure. */
#ifndef GH_BASE_CRC32_H
#define GH_BASE_CRC32_H

#include "base/slice.h"

uint32_t gh_crc32(gh_str data);

#endif
