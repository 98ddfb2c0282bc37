/* What fork_loading.c loads and unloads. */
int fork_loading_plugin_answer(void);

int fork_loading_plugin_answer(void)
{
    return 42;
}
