/* SPDX-License-Identifier: Apache-2.0 */
#include "source/trace1.h"
#include "trace_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "11", "19", "21" };

	return fuzz_trace(data, size, formats, 3, trace1_open);
}
