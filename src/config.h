/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration file. It is read, never written. */
#ifndef CONFIG_H
#define CONFIG_H

#include "analysis/detect.h"
#include "core/err.h"

struct config {
	struct detect_config *detect; /* [findings] */
};

/*
 * Reads the file into what c points at. path NULL: $XDG_CONFIG_HOME/bingo-top/config
 * or ~/.config/bingo-top/config, where it is there and may be read. Returns 0, or a negative
 * errno with err naming the file, line and key (EXIT_USAGE).
 */
int config_load(const struct config *c, const char *path, struct err *err);

#endif
