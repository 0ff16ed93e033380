/* Writes down, in order, what a process does to the files below one folder, so that another program can make of it
 * what a power cut would have left (tests/e2e/harness/power.py). Loaded with LD_PRELOAD.
 *
 * JOURNAL_FILE is the journal, JOURNAL_ROOT the folder (absolute, without links). A record is one line of
 * text; data follow it as raw bytes. Calls are made under one lock, so the journal's order is the order of effects.
 * A sync is noted after it returned, everything else after it took effect.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;
static char root[PATH_MAX];
static size_t root_length;
/* Path of each open file, relative to the root; NULL for those elsewhere. */
static char *paths[FILES_MAX];

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("JOURNAL_FILE"), *folder = getenv("JOURNAL_ROOT");
    if (!file || !folder || strlen(folder) >= sizeof root) return;
    strcpy(root, folder);
    root_length = strlen(root);
    journal = REAL(open)(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    /* No other program that is started from here writes into it. */
    unsetenv("LD_PRELOAD");
}

/* The path below the root that a call names, or NULL. */
static const char *below(int folder, const char *path, char *whole) {
    if (journal < 0) return NULL;
    if (path[0] == '/') {
        snprintf(whole, PATH_MAX, "%s", path);
    } else if (folder == AT_FDCWD) {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return NULL;
        if (snprintf(whole, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return NULL;
    } else {
        if (folder < 0 || folder >= FILES_MAX || !paths[folder]) return NULL;
        if (snprintf(whole, PATH_MAX, "%s/%s/%s", root, paths[folder], path) >= PATH_MAX) return NULL;
    }
    if (strncmp(whole, root, root_length) || (whole[root_length] && whole[root_length] != '/')) return NULL;
    return whole[root_length] ? whole + root_length + 1 : ".";
}

static const char *of_file(int file) {
    return journal >= 0 && file >= 0 && file < FILES_MAX ? paths[file] : NULL;
}

static void put(const void *bytes, size_t length) {
    for (const char *at = bytes; length;) {
        ssize_t done = REAL(write)(journal, at, length);
        if (done < 0 && errno != EINTR) abort();
        if (done > 0) at += done, length -= (size_t)done;
    }
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...) {
    char line[3 * PATH_MAX];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (length < 0 || (size_t)length >= sizeof line) abort();
    put(line, (size_t)length);
}

static int opened(int file, const char *path, int flags, int existed) {
    if (file < 0 || file >= FILES_MAX || !path) return file;
    free(paths[file]);
    paths[file] = strdup(path);
    if ((flags & O_CREAT) && !existed) note("create %s\n", path);
    else if (flags & O_TRUNC) note("truncate 0 %s\n", path);
    return file;
}

static int do_open(int folder, const char *path, int flags, mode_t mode) {
    char whole[PATH_MAX];
    pthread_mutex_lock(&lock);
    const char *name = below(folder, path, whole);
    int existed = name && !faccessat(folder, path, F_OK, 0);
    int file = opened(REAL(openat)(folder, path, flags, mode), name, flags, existed), error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return file;
}

#define OPEN_MODE(flags, mode) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list v; va_start(v, flags); mode = va_arg(v, mode_t); va_end(v); }

int open(const char *path, int flags, ...) { OPEN_MODE(flags, mode) return do_open(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { OPEN_MODE(flags, mode) return do_open(AT_FDCWD, path, flags, mode); }
int openat(int folder, const char *path, int flags, ...) { OPEN_MODE(flags, mode) return do_open(folder, path, flags, mode); }
int openat64(int folder, const char *path, int flags, ...) { OPEN_MODE(flags, mode) return do_open(folder, path, flags, mode); }

int close(int file) {
    pthread_mutex_lock(&lock);
    if (file >= 0 && file < FILES_MAX) { free(paths[file]); paths[file] = NULL; }
    int done = REAL(close)(file), error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

/* Where a write without an offset went: it ends at the file's position now. */
static void wrote(int file, const struct iovec *parts, int count, ssize_t done, off_t at) {
    const char *name = of_file(file);
    if (!name || done <= 0) return;
    if (at < 0) at = lseek(file, 0, SEEK_CUR) - done;
    note("write %lld %zd %s\n", (long long)at, done, name);
    size_t left = (size_t)done;
    for (int n = 0; n < count && left; n++) {
        size_t length = parts[n].iov_len < left ? parts[n].iov_len : left;
        put(parts[n].iov_base, length);
        left -= length;
    }
}

#define WRITING(call, parts, count, at) \
    if (!of_file(file)) return call; \
    pthread_mutex_lock(&lock); \
    ssize_t done = call; \
    int error = errno; \
    wrote(file, parts, count, done, at); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return done

ssize_t write(int file, const void *bytes, size_t length) {
    struct iovec part = {(void *)bytes, length};
    WRITING(REAL(write)(file, bytes, length), &part, 1, -1);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    WRITING(REAL(writev)(file, parts, count), parts, count, -1);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) {
    struct iovec part = {(void *)bytes, length};
    WRITING(REAL(pwrite64)(file, bytes, length, at), &part, 1, at);
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) { return pwrite64(file, bytes, length, at); }

#define NOTING(call, name, ...) \
    pthread_mutex_lock(&lock); \
    int done = call, error = errno; \
    if (!done && (name)) note(__VA_ARGS__); \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return done

/* The sync itself runs beside other calls: it covers what was noted before it began. */
static int synced(int file, int (*sync)(int)) {
    static unsigned number;
    const char *name = of_file(file);
    if (!name) return sync(file);
    char path[PATH_MAX];
    pthread_mutex_lock(&lock);
    unsigned mine = ++number;
    snprintf(path, sizeof path, "%s", name);
    note("syncing %u %s\n", mine, path);
    pthread_mutex_unlock(&lock);
    int done = sync(file), error = errno;
    pthread_mutex_lock(&lock);
    if (!done) note("synced %u %s\n", mine, path);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int fsync(int file) { return synced(file, REAL(fsync)); }
int fdatasync(int file) { return synced(file, REAL(fdatasync)); }

int ftruncate64(int file, off64_t length) {
    const char *name = of_file(file);
    NOTING(REAL(ftruncate64)(file, length), name, "truncate %lld %s\n", (long long)length, name);
}

int ftruncate(int file, off_t length) { return ftruncate64(file, length); }

int rename(const char *from, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    const char *old = below(AT_FDCWD, from, a), *new = below(AT_FDCWD, to, b);
    NOTING(REAL(rename)(from, to), old && new, "rename %s\n%s\n", old, new);
}

int link(const char *from, const char *to) {
    char a[PATH_MAX], b[PATH_MAX];
    const char *old = below(AT_FDCWD, from, a), *new = below(AT_FDCWD, to, b);
    NOTING(REAL(link)(from, to), old && new, "link %s\n%s\n", old, new);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags) {
    char a[PATH_MAX], b[PATH_MAX];
    const char *old = below(from_folder, from, a), *new = below(to_folder, to, b);
    NOTING(REAL(linkat)(from_folder, from, to_folder, to, flags), old && new, "link %s\n%s\n", old, new);
}

int unlink(const char *path) {
    char a[PATH_MAX];
    const char *name = below(AT_FDCWD, path, a);
    NOTING(REAL(unlink)(path), name, "unlink %s\n", name);
}

int unlinkat(int folder, const char *path, int flags) {
    char a[PATH_MAX];
    const char *name = below(folder, path, a);
    NOTING(REAL(unlinkat)(folder, path, flags), name, "unlink %s\n", name);
}

int rmdir(const char *path) {
    char a[PATH_MAX];
    const char *name = below(AT_FDCWD, path, a);
    NOTING(REAL(rmdir)(path), name, "unlink %s\n", name);
}

int mkdir(const char *path, mode_t mode) {
    char a[PATH_MAX];
    const char *name = below(AT_FDCWD, path, a);
    NOTING(REAL(mkdir)(path, mode), name, "mkdir %s\n", name);
}

int mkdirat(int folder, const char *path, mode_t mode) {
    char a[PATH_MAX];
    const char *name = below(folder, path, a);
    NOTING(REAL(mkdirat)(folder, path, mode), name, "mkdir %s\n", name);
}
