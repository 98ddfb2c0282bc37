/*
 * Every wrapped stdio call, buffered and unbuffered, with good and with failing streams: prints results,
 * errno and contents. The output must not depend on being recorded.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW_STREAM stderr
#include "tests/apps/show.h"

static int with_values(FILE *stream, const char *format, ...)
{
    va_list values;

    va_start(values, format);
    int count = vfprintf(stream, format, values);
    va_end(values);
    return count;
}

static void formats(FILE *stream)
{
    int so_far = 0;

    errno = ENOENT;
    fprintf(stream, "%m %d %s %c %5.2f %Lg %a %zu %p\n", -5, "text", 'c', 3.14159, (long double)1 / 3, 0.5,
            sizeof(int), NULL);
    fprintf(stream, "%1$s %2$d %1$s%3$n\n", "twice", 7, &so_far);
    fprintf(stream, "%f %f %f %f %f %f %f %f %f %f %d\n", 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0,
            11);
    fprintf(stream, "%.*f %e %g\n", 3, INFINITY, NAN, 1e300);
    with_values(stream, "%s %ld %f\n", "vfprintf", 1L << 40, 0.25);
    printf("to stdout %d %f\n", so_far, 2.5);
    dprintf(fileno(stdout), "dprintf %s %f\n", "directly", 1.5);
}

static void one_file(const char *path, int mode)
{
    char text[3 * 64] = "";
    char *line = NULL;
    size_t room = 0;
    int number = 0;
    FILE *file = fopen(path, "w+");

    setvbuf(file, NULL, mode, 64);
    SHOW(fwrite("0123456789", 1, 10, file));
    SHOW(fwrite(text, 64, 3, file));
    SHOW(fwrite(text, 0, 3, file));
    SHOW(fputs("a line\n", file));
    SHOW(fputc('x', file));
    SHOW(putc('y', file));
    SHOW(putc_unlocked('z', file));
    SHOW(fflush(file));
    SHOW(fflush(file));
    formats(file);
    rewind(file);
    SHOW(fread(text, 1, 10, file));
    SHOW(fread(text, 64, 3, file));
    SHOW(fgets(text, sizeof text, file) == text);
    fputs(text, stderr);
    SHOW(fgetc(file));
    SHOW(getc(file));
    SHOW(getc_unlocked(file));
    SHOW(ungetc('u', file));
    SHOW(getc(file));
    while (getline(&line, &room, file) > 0)
        fputs(line, stderr);
    SHOW(feof(file));
    SHOW(getc(file));
    SHOW(fread(text, 1, 5, file));
    SHOW(fgets(text, 5, file) == NULL);
    rewind(file);
    SHOW(getdelim(&line, &room, '5', file));
    SHOW(fscanf(file, "%d", &number));
    fprintf(stderr, "number %d\n", number);
    SHOW(fclose(file));

    file = fopen(path, "r");
    SHOW(fputs("not for writing", file));
    SHOW(ferror(file));
    clearerr(file);
    SHOW(fputc('x', file));
    SHOW((file = freopen(path, "w", file)) != NULL);
    SHOW(fgetc(file));
    SHOW(fclose(file));
    free(line);
}

static void failing(void)
{
    FILE *full = fopen("/dev/full", "w");
    FILE *command;
    char text[16] = "";

    SHOW(fputs("into the buffer", full));
    SHOW(fflush(full));
    SHOW(ferror(full));
    setvbuf(full, NULL, _IONBF, 0);
    SHOW(fputs("nowhere", full));
    SHOW(fprintf(full, "%s", "nowhere"));
    SHOW(fwrite("nowhere", 1, 7, full));
    SHOW(fclose(full));
    SHOW(fopen("/nothing/at/all", "r"));
    SHOW(fopen("/dev/null", "nonsense"));
    SHOW(dprintf(-1, "%s", "nowhere"));
    SHOW((command = popen("echo from a command; exit 4", "r")) != NULL);
    SHOW(fgets(text, 6, command) == text);
    SHOW(pclose(command));
    SHOW(fflush(NULL));
}

static void in_memory(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    fprintf(stream, "%s and %d", "in memory", 5);
    SHOW(fclose(stream));
    fprintf(stderr, "%s %zu\n", text, size);
    free(text);
    stream = fmemopen("two words", 9, "r");
    text = malloc(10);
    SHOW(fscanf(stream, "%9s", text));
    fprintf(stderr, "%s\n", text);
    SHOW(fclose(stream));
    free(text);
}

int main(void)
{
    char path[] = "/tmp/exectrace_stdio_XXXXXX";
    int fd = mkstemp(path);

    if (fd < 0 || close(fd) != 0)
        return 1;
    one_file(path, _IOFBF);
    one_file(path, _IOLBF);
    one_file(path, _IONBF);
    failing();
    in_memory();
    puts("puts");
    putchar('p');
    putchar('\n');
    SHOW(getchar());
    SHOW(scanf("%d", &fd));
    return unlink(path);
}
