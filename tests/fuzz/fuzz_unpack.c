/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file that was packed with zstd; what comes of it is bounded, and is what the library says. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Four bytes may say 128 KB: with more input a run only takes longer. */
enum { MOST = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;
	struct err err = { 0 };
	struct stat st;
	bool cut = false;
	int fd, rc;

	unpack_foreign(data, size);
	if (!unpack_known(data, size) || size > MOST)
		return 0;
	copy = malloc(size);
	memcpy(copy, data, size);
	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0)
		abort();
	rc = unpack(copy, size, fd, "fuzz", &cut, &err);
	if (fstat(fd, &st) || (rc && !*err.text) || (rc && cut) || (cut && !st.st_size))
		abort();
	close(fd);
	free(copy);
	return 0;
}
