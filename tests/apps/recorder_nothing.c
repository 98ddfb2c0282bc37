/* Does nothing; linked statically or with a sanitizer it is a program that cannot be recorded. */
int main(void)
{
    return 0;
}
