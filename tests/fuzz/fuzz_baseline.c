/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a baseline: read or refused with a sentence; what is read is all known. */
#include <stdlib.h>
#include <string.h>

#include "analysis/baseline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct baseline b = { 0 };
	struct err err = { 0 };
	FILE *in = size ? fmemopen((void *)data, size, "r") : fopen("/dev/null", "r");
	int rc;

	if (!in)
		return 0;
	rc = baseline_read(&b, in, "fuzz", &err);
	fclose(in);
	if (!rc != !err.rc || (rc && (err.code != EXIT_BADFILE || !*err.text)))
		abort();
	for (size_t i = 0; i < b.v.n; i++)
		if (!baseline_has(&b, b.v.v[i].id) || strlen(b.v.v[i].about) > BASELINE_LINE)
			abort();
	baseline_release(&b);
	return 0;
}
