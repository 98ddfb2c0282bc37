/*
 * Every wrapped stdio call on wide characters, and the rarer ones on bytes, in all modes of buffering: prints
 * results, errno and contents. The output must not depend on being recorded.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#define SHOW_STREAM stderr
#include "tests/apps/show.h"

static int with_values(FILE *stream, const wchar_t *format, ...)
{
    va_list values;

    va_start(values, format);
    int count = vfwprintf(stream, format, values);
    va_end(values);
    return count;
}

static void write_wide(FILE *file)
{
    SHOW(fwide(file, 0));
    SHOW(fputws(L"a line \u00e4\u20ac\n", file));
    SHOW(fwide(file, 0));
    SHOW(fputwc(L'\u00fc', file));
    SHOW(putwc(L'x', file));
    SHOW(putwc_unlocked(L'y', file));
    SHOW(fputwc_unlocked(L'\n', file));
    SHOW(fputws_unlocked(L"unlocked\n", file));
    SHOW(fwprintf(file, L"%d %ls %s %5.2f\n", 42, L"wide", "narrow", 2.5));
    SHOW(with_values(file, L"%ld %lc\n", 1L << 40, L'\u20ac'));
    for (int i = 0; i < 400; i++)
        fwprintf(file, L"%d is one of many lines\n", i);
    SHOW(fflush(file));
    SHOW(ftell(file));
}

static void read_wide(FILE *file)
{
    wchar_t text[64];
    int number = 0;

    rewind(file);
    SHOW(fgetws(text, 64, file) == text);
    SHOW(wcslen(text));
    SHOW(fgetwc(file));
    SHOW(getwc(file));
    SHOW(ungetwc(L'x', file));
    SHOW(getwc_unlocked(file));
    SHOW(fgetwc_unlocked(file));
    SHOW(fgetwc(file));
    SHOW(fgetws_unlocked(text, 64, file) == text);
    SHOW(wcscmp(text, L"unlocked\n"));
    SHOW(fwscanf(file, L"%d", &number));
    SHOW(number);
    while (fgetws(text, 64, file) != NULL)
        number++;
    SHOW(number);
    SHOW(fgetwc(file));
    SHOW(feof(file));
    SHOW(fseek(file, 0, SEEK_SET));
    SHOW(fgetwc(file));
}

static void failing(void)
{
    FILE *full = fopen("/dev/full", "w");
    FILE *bad = fmemopen((char[]){(char)0xff, (char)0xfe}, 2, "r");

    SHOW(fputws(L"into the buffer", full));
    SHOW(fflush(full));
    SHOW(fputwc(L'x', full));
    SHOW(fclose(full));
    SHOW(fgetwc(bad));
    SHOW(ferror(bad));
    SHOW(fclose(bad));
}

static void narrow(const char *path)
{
    FILE *file = fopen(path, "w+");
    fpos_t position;
    int number = 0;

    SHOW(fputc_unlocked('7', file));
    SHOW(putw(0x41424344, file));
    SHOW(ftell(file));
    SHOW(ftello(file));
    SHOW(fgetpos(file, &position));
    SHOW(fseek(file, 0, SEEK_SET));
    SHOW(fgetc_unlocked(file));
    SHOW(getw(file));
    SHOW(getw(file));
    SHOW(fseeko(file, 1, SEEK_SET));
    SHOW(fgetc(file));
    SHOW(fsetpos(file, &position));
    SHOW(fputs("12 13 14", file));
    SHOW(fseek(file, -8, SEEK_END));
    SHOW(fscanf(file, "%d", &number));
    SHOW(number);
    SHOW(ftell(file));
    rewind(file);
    SHOW(fgetc(file));
    SHOW(fseek(file, -100, SEEK_SET));
    SHOW(fclose(file));
    file = tmpfile();
    SHOW(fputs("in a nameless file", file));
    SHOW(fclose(file));
    SHOW((file = fopen(path, "a")) != NULL);
    SHOW(ftell(file));
    SHOW(fputs("more", file));
    SHOW(ftell(file));
    SHOW(fclose(file));
    SHOW((file = popen("exit 3", "w")) != NULL);
    SHOW(fseek(file, 0, SEEK_SET));
    SHOW(pclose(file));
}

int main(void)
{
    char path[] = "/tmp/exectrace_wide_XXXXXX";
    int fd = mkstemp(path);
    int number = 0;

    if (fd < 0 || close(fd) != 0 || setlocale(LC_ALL, "C.UTF-8") == NULL)
        return 1;
    for (int mode = _IOFBF; mode <= _IONBF; mode++) {
        FILE *file = fopen(path, "w+");
        setvbuf(file, NULL, mode, mode == _IOFBF ? 64 : 0);
        write_wide(file);
        read_wide(file);
        SHOW(fclose(file));
    }
    failing();
    narrow(path);
    SHOW(wprintf(L"to stdout %d\n", 5));
    SHOW(putwchar(L'\u20ac'));
    SHOW(putwchar_unlocked(L'\n'));
    SHOW(getwchar());
    SHOW(getwchar_unlocked());
    SHOW(wscanf(L"%d", &number));
    return unlink(path);
}
