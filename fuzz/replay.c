/* Runs a fuzz target over every file of the files and folders given: the corpus as an ordinary test. */
#include <dirent.h>
#include <limits.h>
#include <sys/stat.h>

#include "fuzz.h"

static int run_file(const char *path)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    if (f == NULL || fstat(fileno(f), &st) != 0) {
        perror(path);
        return 1;
    }
    size_t size = (size_t)st.st_size;
    /* Exactly as large as the input, so that a sanitizer sees a byte read too many. */
    uint8_t *data = malloc(size == 0 ? 1 : size);
    int failed = data == NULL || fread(data, 1, size, f) != size;
    fclose(f);
    if (failed)
        perror(path);
    else {
        printf("%s\n", path);
        fflush(stdout);
        failed = LLVMFuzzerTestOneInput(data, size) != 0;
    }
    free(data);
    return failed;
}

static int run_folder(const char *path, unsigned *io_files)
{
    int failed = 0;
    struct dirent *entry;
    DIR *folder = opendir(path);
    if (folder == NULL) {
        ++*io_files;
        return run_file(path);
    }
    while ((entry = readdir(folder)) != NULL) {
        char file[PATH_MAX];
        if (entry->d_name[0] == '.')
            continue;
        if ((size_t)snprintf(file, sizeof file, "%s/%s", path, entry->d_name) >= sizeof file)
            failed = 1;
        else
            failed |= run_file(file);
        ++*io_files;
    }
    closedir(folder);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    unsigned files = 0;
    for (int i = 1; i < argc; i++)
        failed |= run_folder(argv[i], &files);
    printf("%u inputs\n", files);
    /* A corpus gone missing must not pass for a success. */
    return failed != 0 || files == 0;
}
