/* SPDX-License-Identifier: Apache-2.0 */
/* Completions of the command line for shells, made of the one table of options. */
#ifndef COMPLETIONS_H
#define COMPLETIONS_H

#include <stdio.h>

/* shell: bash, zsh or fish. Returns 0, or -EINVAL where it is none of them. */
int completions_print(const char *shell, FILE *out);

#endif
