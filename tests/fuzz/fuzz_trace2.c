/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace2.h"
#include "trace_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "22", "23", "25", "26" };

	return fuzz_trace(data, size, formats, 4, trace2_open);
}
