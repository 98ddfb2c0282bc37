/* What several reports say alike. */
#ifndef ANALYZER_REPORT_COMMON_H
#define ANALYZER_REPORT_COMMON_H

#include "analyzer/report_format.h"

/* One sentence on lost data when there are some; nothing otherwise. For the end of every text report. */
void report_print_loss(const struct report_context *context, FILE *out);
/* One sentence for each thing that should have been recorded, with the command that does it. */
void report_print_missing(const struct report_context *context, FILE *out);
/* "worker-3", or "[12345]" for a thread without a name. In buffer (FORMAT_SIZE bytes). */
const char *report_thread_name(const struct thread *thread, char *buffer);
/* "mutex", "rwlock", "cond"...: of an object whatever was asked of it. */
const char *report_object_kind(uint32_t wait_kind);
/* "0x7f00", or "thread 123" for a join. In buffer (FORMAT_SIZE bytes). */
const char *report_object_name(uint32_t wait_kind, uint64_t object, char *buffer);
/* What the thread did that ended a wait for such an object: "held by", "woken by", "ended by". */
const char *report_release_verb(uint32_t wait_kind);

#endif
