/* Damages bytes as broken disks, cut files and broken writers do, and a little more. Pure. */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include <glib.h>

/* Changes the bytes in one to four places; text in one place, also by moving words, lines and numbers about.
 */
void mutate(GByteArray *bytes, GRand *rand, gboolean is_text);

#endif
