/* SPDX-License-Identifier: Apache-2.0 */
/* What was found, for those who check programs: code scanning, annotations, test reports. */
#ifndef EXPORT_VERDICTS_H
#define EXPORT_VERDICTS_H

#include "export/formats.h"
#include "export/report.h"

/* The report whose findings are told; each below returns 0, or a negative errno of writing. */
struct report request_report(const struct export_request *r);

/*
 * SARIF 2.1.0, a run of it: a rule for each detector, a result for each finding, with the stacks of
 * the first of its goroutines. Those that are known are "unchanged" and suppressed; where
 * there is a baseline, others are "new".
 */
extern const struct export_join sarif_join; /* each program is a run */
int sarif_export(struct export_request *r, FILE *out);
/*
 * JUnit's XML, a suite of it: a test case for each finding, and one that passes for each detector that
 * found nothing. It fails from --fail-on's severity on, else from a warning on; who is
 * known is skipped.
 */
extern const struct export_join junit_join; /* each program is a suite */
int junit_export(struct export_request *r, FILE *out);
/* "::error file=…,line=…,title=…::…", as GitHub's runners read them. Of those known, none. */
int github_export(struct export_request *r, FILE *out);
/* A file for --baseline. */
int baseline_export(struct export_request *r, FILE *out);

/*
 * A source file as a repository knows it: by --substitute-path, and relative to the
 * current folder where it lies in that. The caller's to free.
 */
char *request_path(const struct export_request *r, const char *recorded);

#endif
