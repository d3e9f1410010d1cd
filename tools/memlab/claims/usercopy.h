/* SPDX-License-Identifier: GPL-2.0-only */
/* A copy that the kernel stops. */
#ifndef MEMLAB_CLAIMS_USERCOPY_H
#define MEMLAB_CLAIMS_USERCOPY_H

#include "claim.h"

/* Whether the driver's copy_undeclared is on, so that it refuses no copy. */
bool usercopy_dares(void);

/* Has the kernel stop one, if --provoke says so. */
enum verdict usercopy_provoke(struct claim_run *run);

#endif /* MEMLAB_CLAIMS_USERCOPY_H */
