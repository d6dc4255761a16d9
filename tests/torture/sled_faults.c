/*
 * Lets one system call of sled fail. Loaded before the C library by LD_PRELOAD; only files under a directory named "sled"
 * are touched.
 *
 *   SLED_FAULT_CALL   pwrite, write, pread, sync_file_range, fdatasync, fsync, rename
 *   SLED_FAULT_AT     which one of them, counting from 1; 0: none
 *   SLED_FAULT_HOW    eio, enospc, short (half of it, then ENOSPC), done (it is done, then EIO), wrong (a bit of what is
 *                     read differs), hang (it never comes back)
 *   SLED_FAULT_TOLD   a file that gets a line for each such call, and one that says so where it fails
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int count;

static int of_sled(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strstr(path, "/sled/") != NULL;
}

static void tell(const char *what) {
    const char *told = getenv("SLED_FAULT_TOLD");
    if (!told) return;
    int saved = errno;
    int fd = open(told, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd >= 0) {
        ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
        if (real(fd, what, strlen(what)) < 0) { /* the test finds fewer lines */ }
        close(fd);
    }
    errno = saved;
}

/* How this call is to fail; NULL: it is not. */
static const char *fault(const char *call) {
    const char *which = getenv("SLED_FAULT_CALL"), *at = getenv("SLED_FAULT_AT");
    if (!which || !at || strcmp(which, call) != 0) return NULL;
    int number = __sync_add_and_fetch(&count, 1);
    tell("called\n");
    if (number != atoi(at)) return NULL;
    tell("failed\n");
    const char *how = getenv("SLED_FAULT_HOW");
    how = how ? how : "eio";
    while (strcmp(how, "hang") == 0) pause();
    return how;
}

static int is(const char *how, const char *word) { return how && strcmp(how, word) == 0; }

static int code(const char *how) { return is(how, "enospc") || is(how, "short") ? ENOSPC : EIO; }

/* Set after half of a write: the rest fails. */
static __thread int rest_fails;

static ssize_t written(const char *how, ssize_t (*real)(int, const void *, size_t, off_t), int fd, const void *bytes, size_t size, off_t at) {
    if (is(how, "short") && size > 1) {
        rest_fails = 1;
        return real(fd, bytes, size / 2, at);
    }
    if (is(how, "done") && real(fd, bytes, size, at) < 0) return -1;
    errno = code(how);
    return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off_t at) {
    static ssize_t (*real)(int, const void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pwrite64");
    if (!of_sled(fd)) return real(fd, bytes, size, at);
    if (rest_fails) {
        rest_fails = 0;
        errno = ENOSPC;
        return -1;
    }
    const char *how = fault("pwrite");
    return how ? written(how, real, fd, bytes, size, at) : real(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return pwrite64(fd, bytes, size, at); }

ssize_t write(int fd, const void *bytes, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = dlsym(RTLD_NEXT, "write");
    const char *how = of_sled(fd) ? fault("write") : NULL;
    if (!how) return real(fd, bytes, size);
    if (is(how, "done") && real(fd, bytes, size) < 0) return -1;
    if (is(how, "short") && real(fd, bytes, size / 2) < 0) return -1;
    errno = code(how);
    return -1;
}

ssize_t pread64(int fd, void *bytes, size_t size, off_t at) {
    static ssize_t (*real)(int, void *, size_t, off_t);
    if (!real) real = dlsym(RTLD_NEXT, "pread64");
    const char *how = of_sled(fd) ? fault("pread") : NULL;
    if (!how || is(how, "wrong")) {
        ssize_t read = real(fd, bytes, size, at);
        if (how && read > 0) ((unsigned char *)bytes)[read / 2] ^= 0x10;
        return read;
    }
    errno = code(how);
    return -1;
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at) { return pread64(fd, bytes, size, at); }

static int synced(const char *call, int fd, int (*real)(int)) {
    const char *how = of_sled(fd) ? fault(call) : NULL;
    if (!how) return real(fd);
    if (is(how, "done") && real(fd) < 0) return -1;
    errno = code(how);
    return -1;
}

int fsync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fsync");
    return synced("fsync", fd, real);
}

int fdatasync(int fd) {
    static int (*real)(int);
    if (!real) real = dlsym(RTLD_NEXT, "fdatasync");
    return synced("fdatasync", fd, real);
}

int sync_file_range(int fd, off_t at, off_t size, unsigned flags) {
    static int (*real)(int, off_t, off_t, unsigned);
    if (!real) real = dlsym(RTLD_NEXT, "sync_file_range");
    const char *how = of_sled(fd) ? fault("sync_file_range") : NULL;
    if (!how) return real(fd, at, size, flags);
    if (is(how, "done") && real(fd, at, size, flags) < 0) return -1;
    errno = code(how);
    return -1;
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    if (!real) real = dlsym(RTLD_NEXT, "rename");
    const char *how = strstr(to, "/sled/") ? fault("rename") : NULL;
    if (!how) return real(from, to);
    if (is(how, "done") && real(from, to) < 0) return -1;
    errno = code(how);
    return -1;
}
