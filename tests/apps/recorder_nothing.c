/* Does nothing; linked statically or with a sanitizer it is a program that cannot be recorded. */
int main(void)
{
    return 0;
}

#ifdef WITH_GO_NOTE
/* What Go's linker marks its programs with. */
__asm__(".pushsection .note.go.buildid, \"a\", @note\n"
        ".balign 4\n"
        ".long 4, 4, 4\n"
        ".ascii \"Go\\0\\0\"\n"
        ".ascii \"test\"\n"
        ".popsection\n");
#endif
