/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the manual's section on keys, made of the one key table. */
#include "ui/keys.h"

int main(void)
{
	key_print_man(stdout);
	return 0;
}
