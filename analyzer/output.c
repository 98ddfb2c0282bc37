/* Output files and standard output of the analyzer; used by main. */
#include "analyzer/output.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct output {
    FILE *file;
    char *path;      /* NULL: standard output */
    char *temporary; /* NULL: written directly (standard output, a device, a pipe) */
};

static void set_error(GError **error, const char *path, int number)
{
    g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(number), "cannot write %s: %s",
                path ? path : "to standard output", g_strerror(number));
}

static bool is_special(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* A new file beside the final one, with the mode that open() would give. */
static FILE *open_beside(struct output *output)
{
    output->temporary = g_strdup_printf("%s.XXXXXX", output->path);
    int fd = g_mkstemp_full(output->temporary, O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0) {
        g_clear_pointer(&output->temporary, g_free);
        return NULL;
    }
    return fdopen(fd, "w");
}

struct output *output_open(const char *path, GError **error)
{
    struct output *output = g_new0(struct output, 1);

    if (!path || strcmp(path, "-") == 0) {
        output->file = stdout;
        return output;
    }
    output->path = g_strdup(path);
    output->file = is_special(path) ? fopen(path, "we") : open_beside(output);
    if (!output->file) {
        set_error(error, path, errno);
        output_abandon(output);
        return NULL;
    }
    return output;
}

FILE *output_file(struct output *output)
{
    return output->file;
}

bool output_is_terminal(const struct output *output)
{
    return isatty(fileno(output->file)) == 1;
}

bool output_close(struct output *output, GError **error)
{
    int number = 0;

    errno = 0;
    if (fflush(output->file) != 0 || ferror(output->file))
        number = errno != 0 ? errno : EIO;
    if (output->file != stdout && fclose(g_steal_pointer(&output->file)) != 0 && number == 0)
        number = errno;
    if (number == 0 && output->temporary && rename(output->temporary, output->path) != 0)
        number = errno;
    if (number == 0)
        g_clear_pointer(&output->temporary, g_free);
    else
        set_error(error, output->path, number);
    output_abandon(output);
    return number == 0;
}

void output_abandon(struct output *output)
{
    if (!output)
        return;

    if (output->file && output->file != stdout)
        fclose(output->file);
    if (output->temporary)
        unlink(output->temporary);
    g_free(output->temporary);
    g_free(output->path);
    g_free(output);
}
