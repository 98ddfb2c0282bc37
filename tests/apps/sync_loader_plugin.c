/* The plugin of sync_loader: its constructor runs with the dynamic loader's lock held. */
void sync_loader_enter(void);

__attribute__((constructor)) static void construct(void)
{
    sync_loader_enter();
}
