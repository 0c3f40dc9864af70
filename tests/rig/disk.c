/* A disk that forgets: loaded in front of the C library of a daemon under test, it keeps a log of all that
 * changed in one folder and of what was made durable, so that after the process was killed the test can take
 * back what a power cut would have taken. It also fills up, fails a sync, and kills the process at a sync.
 *
 * What goes on and what is read is as without it. disk.rs is its other half and knows the same numbers.
 *
 * Never opens a watched file by itself: closing that would drop the locks of the process on it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE = 1, TRUNCATE, CREATE, UNLINK, RENAME, SYNC, SYNC_FOLDER, LOST, OPEN };

/* The control page; the test writes, the daemon reads, and counts. */
struct control {
    uint64_t room;    /* bytes by which files may still grow */
    uint64_t syncs;   /* syncs of files so far */
    uint64_t fail_at; /* the sync with this number gives EIO, 0 for none */
    uint64_t kill_at; /* the sync with this number kills the process, 0 for none */
    uint64_t lies;    /* not 0: a sync says yes and does nothing */
    uint64_t refused; /* writes refused for want of room */
    uint64_t fail_main; /* not 0: the next sync of a file that is not a log gives EIO */
};

struct record {
    uint64_t kind, seq, inode, offset, old_size, old_bytes, new_bytes, path_bytes, side_bytes;
};

#define FILES 4096
enum watch { NO, DATA, SHARED_MEMORY, FOLDER };
static struct {
    enum watch watch;
    ino_t inode;
    int is_log;
    int failed; /* a sync of the same file failed, and this one has not been told yet */
} files[FILES];

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct control *control;
static char folder[PATH_MAX], side[PATH_MAX];
static size_t folder_length;
static int log_file = -1;
static uint64_t seq, sides;

static int (*real_open)(const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_unlink)(const char *);
static int (*real_rename)(const char *, const char *);
static void *(*real_mmap)(void *, size_t, int, int, int, off_t);

static void die(const char *why) {
    dprintf(2, "disk: %s: %s\n", why, strerror(errno));
    abort();
}

__attribute__((constructor)) static void begin(void) {
    real_open = dlsym(RTLD_NEXT, "open64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_mmap = dlsym(RTLD_NEXT, "mmap64");
    const char *watched = getenv("RIG_DISK_FOLDER"), *beside = getenv("RIG_DISK_SIDE");
    if (!watched || !beside) return;
    folder_length = (size_t)snprintf(folder, sizeof folder, "%s/", watched);
    snprintf(side, sizeof side, "%s", beside);
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/log", side);
    log_file = real_open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    snprintf(path, sizeof path, "%s/control", side);
    int page = real_open(path, O_RDWR | O_CLOEXEC);
    if (log_file < 0 || page < 0) die("no log or no control page");
    control = real_mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, page, 0);
    if (control == MAP_FAILED) die("the control page cannot be mapped");
    real_close(page);
}

static enum watch watch_of(const char *path) {
    if (!control || !path) return NO;
    if (strncmp(path, folder, folder_length - 1) == 0 && path[folder_length - 1] == 0) return FOLDER;
    if (strncmp(path, folder, folder_length) != 0) return NO;
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, "-shm") == 0 ? SHARED_MEMORY : DATA;
}

/* One record in one write: a kill leaves it whole or, at the very end of the log, cut. */
static uint64_t note(enum kind kind, ino_t inode, struct record r, const char *path, const char *beside,
                     const void *old, const void *new) {
    r.kind = kind, r.seq = ++seq, r.inode = inode;
    r.path_bytes = path ? strlen(path) : 0, r.side_bytes = beside ? strlen(beside) : 0;
    struct iovec parts[] = {{&r, sizeof r}, {(void *)path, r.path_bytes}, {(void *)beside, r.side_bytes},
                            {(void *)old, r.old_bytes}, {(void *)new, r.new_bytes}};
    size_t all = sizeof r + r.path_bytes + r.side_bytes + r.old_bytes + r.new_bytes;
    if (real_writev(log_file, parts, 5) != (ssize_t)all) die("the log cannot be written");
    return r.seq;
}

static enum watch watch_of_file(int fd) {
    return control && fd >= 0 && fd < FILES ? files[fd].watch : NO;
}

/* What of a write has room, 0 for nothing. The mutex is held. */
static size_t with_room(off_t offset, size_t count, off_t size) {
    uint64_t end = (uint64_t)offset + count, room = __atomic_load_n(&control->room, __ATOMIC_SEQ_CST);
    uint64_t grows = end > (uint64_t)size ? end - (uint64_t)size : 0;
    if (room == UINT64_MAX || grows == 0) return count;
    size_t fits = grows <= room ? count : grows - room < count ? count - (grows - room) : 0;
    uint64_t used = grows <= room ? grows : fits ? room : 0;
    __atomic_sub_fetch(&control->room, used, __ATOMIC_SEQ_CST);
    if (!fits) __atomic_add_fetch(&control->refused, 1, __ATOMIC_SEQ_CST);
    return fits;
}

static ssize_t watched_write(int fd, const void *bytes, size_t count, off_t offset) {
    pthread_mutex_lock(&mutex);
    struct stat now;
    if (fstat(fd, &now) != 0) die("fstat");
    ssize_t written = -1;
    count = with_room(offset, count, now.st_size);
    if (count == 0) {
        errno = ENOSPC;
    } else {
        if (files[fd].watch == DATA) {
            size_t before = offset >= now.st_size ? 0 : (size_t)(now.st_size - offset);
            if (before > count) before = count;
            void *old = malloc(before + 1);
            if (!old || pread(fd, old, before, offset) != (ssize_t)before) die("what is overwritten cannot be read");
            struct record r = {.offset = (uint64_t)offset, .old_size = (uint64_t)now.st_size,
                               .old_bytes = before, .new_bytes = count};
            note(WRITE, files[fd].inode, r, NULL, NULL, old, bytes);
            free(old);
        }
        written = real_pwrite(fd, bytes, count, offset);
    }
    int why = errno;
    pthread_mutex_unlock(&mutex);
    errno = why;
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
    enum watch watch = watch_of_file(fd);
    return watch == DATA || watch == SHARED_MEMORY ? watched_write(fd, bytes, count, offset)
                                                   : real_pwrite(fd, bytes, count, offset);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

ssize_t write(int fd, const void *bytes, size_t count) {
    if (watch_of_file(fd) != DATA) return real_write(fd, bytes, count);
    off_t at = fcntl(fd, F_GETFL) & O_APPEND ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
    ssize_t written = watched_write(fd, bytes, count, at);
    if (written > 0) lseek(fd, at + written, SEEK_SET);
    return written;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (watch_of_file(fd) != DATA) return real_writev(fd, parts, count);
    /* A short write is an answer too: the caller goes on with the rest. */
    return count > 0 ? write(fd, parts[0].iov_base, parts[0].iov_len) : 0;
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) {
    return count > 0 ? pwrite64(fd, parts[0].iov_base, parts[0].iov_len, offset) : 0;
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) { return pwritev64(fd, parts, count, offset); }

int ftruncate64(int fd, off_t size) {
    if (watch_of_file(fd) != DATA) return real_ftruncate(fd, size);
    pthread_mutex_lock(&mutex);
    struct stat now;
    if (fstat(fd, &now) != 0) die("fstat");
    size_t cut = now.st_size > size ? (size_t)(now.st_size - size) : 0;
    void *old = malloc(cut + 1);
    if (!old || pread(fd, old, cut, size) != (ssize_t)cut) die("what is cut off cannot be read");
    struct record r = {.offset = (uint64_t)size, .old_size = (uint64_t)now.st_size, .old_bytes = cut};
    note(TRUNCATE, files[fd].inode, r, NULL, NULL, old, NULL);
    free(old);
    int done = real_ftruncate(fd, size);
    pthread_mutex_unlock(&mutex);
    return done;
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int posix_fallocate64(int fd, off_t offset, off_t size) {
    (void)fd, (void)offset, (void)size;
    return EOPNOTSUPP;
}
int posix_fallocate(int fd, off_t offset, off_t size) { return posix_fallocate64(fd, offset, size); }
int fallocate64(int fd, int mode, off_t offset, off_t size) {
    (void)mode;
    errno = posix_fallocate64(fd, offset, size);
    return -1;
}
int fallocate(int fd, int mode, off_t offset, off_t size) { return fallocate64(fd, mode, offset, size); }

static int sync_file(int fd) {
    enum watch watch = watch_of_file(fd);
    if (watch != DATA && watch != FOLDER) return real_fsync(fd);
    pthread_mutex_lock(&mutex);
    uint64_t number = watch == DATA ? __atomic_add_fetch(&control->syncs, 1, __ATOMIC_SEQ_CST) : 0;
    struct record covers = {.offset = seq};
    pthread_mutex_unlock(&mutex);
    if (number && number == __atomic_load_n(&control->kill_at, __ATOMIC_SEQ_CST)) kill(getpid(), SIGKILL);
    int fails = number && number == __atomic_load_n(&control->fail_at, __ATOMIC_SEQ_CST);
    if (number && !files[fd].is_log && __atomic_exchange_n(&control->fail_main, 0, __ATOMIC_SEQ_CST)) fails = 1;
    pthread_mutex_lock(&mutex);
    if (fails)
        for (int other = 0; other < FILES; other++)
            if (files[other].watch == DATA && files[other].inode == files[fd].inode) files[other].failed = 1;
    fails = files[fd].failed; /* every descriptor is told once, as Linux does it */
    files[fd].failed = 0;
    pthread_mutex_unlock(&mutex);
    if (__atomic_load_n(&control->lies, __ATOMIC_SEQ_CST)) return 0;
    if (!fails && real_fsync(fd) != 0) return -1;
    pthread_mutex_lock(&mutex);
    /* After a failed sync the kernel takes the pages for clean: no later sync writes them. */
    note(fails ? LOST : watch == FOLDER ? SYNC_FOLDER : SYNC, files[fd].inode, covers, NULL, NULL, NULL, NULL);
    pthread_mutex_unlock(&mutex);
    errno = fails ? EIO : 0;
    return fails ? -1 : 0;
}
int fsync(int fd) { return sync_file(fd); }
int fdatasync(int fd) { return sync_file(fd); }

static int watched_open(const char *path, int flags, mode_t mode) {
    enum watch watch = watch_of(path);
    if (watch == NO) return real_open(path, flags, mode);
    pthread_mutex_lock(&mutex);
    struct stat before;
    int existed = stat(path, &before) == 0, cleared = existed && flags & O_TRUNC && watch == DATA;
    if (cleared && before.st_size > 0) die("a watched file is emptied by opening it, which the log cannot say");
    int fd = real_open(path, flags, mode), why = errno;
    if (fd >= FILES) die("more files than the table holds");
    if (fd >= 0) {
        struct stat now;
        if (fstat(fd, &now) != 0) die("fstat");
        size_t length = strlen(path);
        files[fd].watch = watch, files[fd].inode = now.st_ino, files[fd].failed = 0;
        files[fd].is_log = length > 4 && strcmp(path + length - 4, "-wal") == 0;
        if (watch == DATA) note(existed ? OPEN : CREATE, now.st_ino, (struct record){0}, path, NULL, NULL, NULL);
    }
    pthread_mutex_unlock(&mutex);
    errno = why;
    return fd;
}

#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list more; \
        va_start(more, flags); \
        mode = va_arg(more, mode_t); \
        va_end(more); \
    }
int open64(const char *path, int flags, ...) { MODE(flags) return watched_open(path, flags, mode); }
int open(const char *path, int flags, ...) { MODE(flags) return watched_open(path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) {
    MODE(flags)
    if (watch_of(path) != NO) return watched_open(path, flags, mode);
    static int (*real)(int, const char *, int, ...);
    if (!real) real = dlsym(RTLD_NEXT, "openat64");
    return real(at, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) { MODE(flags) return openat64(at, path, flags, mode); }
int creat64(const char *path, mode_t mode) { return watched_open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat(const char *path, mode_t mode) { return creat64(path, mode); }

int close(int fd) {
    if (watch_of_file(fd) != NO) files[fd].watch = NO;
    return real_close(fd);
}

/* Keeps what a name stood for, so that the name can be given back. The mutex is held. */
static void keep(char *kept, size_t room, const char *path) {
    snprintf(kept, room, "%s/kept-%d-%llu", side, (int)getpid(), (unsigned long long)++sides);
    if (link(path, kept) != 0) die("a removed file cannot be kept");
}

int unlink(const char *path) {
    struct stat now;
    if (watch_of(path) != DATA || stat(path, &now) != 0) return real_unlink(path);
    char kept[PATH_MAX + 64];
    pthread_mutex_lock(&mutex);
    keep(kept, sizeof kept, path);
    note(UNLINK, now.st_ino, (struct record){0}, path, kept, NULL, NULL);
    int done = real_unlink(path);
    pthread_mutex_unlock(&mutex);
    return done;
}

int rename(const char *from, const char *to) {
    if (watch_of(from) == DATA || watch_of(to) == DATA) die("a watched file is renamed, which the log cannot say");
    return real_rename(from, to);
}

void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    if (watch_of_file(fd) == DATA && flags & MAP_SHARED && protection & PROT_WRITE)
        die("a watched file is mapped for writing, which the log cannot see");
    if (!real_mmap) real_mmap = dlsym(RTLD_NEXT, "mmap64");
    return real_mmap(at, size, protection, flags, fd, offset);
}
void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
    return mmap64(at, size, protection, flags, fd, offset);
}
