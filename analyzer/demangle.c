/*
 * The only user of libiberty. Names come from files that anybody may have made, so everything has a limit:
 * the callback forms are used because they allocate nothing and may be left in the middle.
 */
#include "analyzer/demangle.h"

#include <setjmp.h>
#include <string.h>
#include <demangle.h>

/* Up to this length libiberty's own limit on recursion lets a name pass. */
#define LIBRARY_LIMIT_BYTES (DEMANGLE_RECURSION_LIMIT / 2)

struct output {
    char text[DEMANGLE_MAX_RESULT_BYTES + 1];
    size_t length;
    jmp_buf overflow;
};

static void append(const char *text, size_t length, void *user)
{
    struct output *output = user;

    if (length > DEMANGLE_MAX_RESULT_BYTES - output->length)
        longjmp(output->overflow, 1);

    memcpy(output->text + output->length, text, length);
    output->length += length;
}

/* Length of name without the suffixes of clones; they begin with a dot and one of these words. */
static size_t length_without_suffixes(const char *name)
{
    static const char *const words[] = {".cold",      ".part.", ".constprop.", ".isra.",
                                        ".lto_priv.", ".llvm.", ".clone."};
    size_t length = strlen(name);

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *found = strstr(name, words[i]);

        if (found && found > name && (size_t)(found - name) < length)
            length = (size_t)(found - name);
    }
    return length;
}

bool is_mangled_name(const char *name)
{
    return g_str_has_prefix(name, "_Z") || g_str_has_prefix(name, "__Z") || g_str_has_prefix(name, "_R");
}

static bool demangle_into(struct output *output, const char *name)
{
    const int options = strlen(name) >= LIBRARY_LIMIT_BYTES ? DMGL_ANSI | DMGL_NO_RECURSE_LIMIT : DMGL_ANSI;
    bool is_done;

    output->length = 0;
    if (setjmp(output->overflow) != 0)
        return false;

    /* Rust first: names of its older mangling are valid C++ names too. */
    is_done = rust_demangle_callback(name, options, append, output) != 0;
    if (!is_done && name[1] == 'Z') {
        output->length = 0;
        is_done = cplus_demangle_v3_callback(name, options, append, output) != 0;
    }
    output->text[output->length] = '\0';
    return is_done && output->length > 0 && g_utf8_validate(output->text, (gssize)output->length, NULL);
}

char *demangle(const char *name)
{
    g_autofree char *plain = g_strndup(name, length_without_suffixes(name));
    const char *start = g_str_has_prefix(plain, "__Z") ? plain + 1 : plain;
    g_autofree struct output *output = NULL;

    if (!is_mangled_name(start) || strlen(start) > DEMANGLE_MAX_NAME_BYTES)
        return g_steal_pointer(&plain);

    output = g_new(struct output, 1);
    if (!demangle_into(output, start))
        return g_steal_pointer(&plain);
    return g_strdup(output->text);
}
