/*
 * Preloaded into a service, notes in one log what it writes and syncs in a folder, and every HTTP answer before it is
 * sent. The log is a file in shared memory with a lock, so that the order is right across threads and processes.
 *
 * SHIM_LOG names the log, which must exist and have its final size; SHIM_FOLDER the folder. If the first byte of the log's
 * page 1 is not 0, syncs fail with EIO.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATE = 1, WRITE, TRUNCATE, SYNC_BEGIN, SYNC_END, UNLINK, RENAME, ANSWER };

struct header {
  uint64_t used;
  uint64_t ready;
  pthread_mutex_t lock;
};

struct record {
  uint32_t type;
  uint32_t pid;
  uint64_t file; /* inode, or descriptor of an answer */
  uint64_t offset; /* of a write, size of a truncate, number of a sync */
  uint64_t length; /* of the data that follow, padded to 8 bytes */
};

#define PAGE 4096
#define DESCRIPTORS 4096

static struct header *header;
static unsigned char *fails, *data;
static uint64_t capacity;
static const char *folder;
/* The inode of each descriptor of a watched file, or 0. */
static uint64_t watched[DESCRIPTORS];

#define REAL(name, result, ...) \
  static result (*real_##name)(__VA_ARGS__); \
  if (!real_##name) real_##name = dlsym(RTLD_NEXT, #name);

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("SHIM_LOG");
  folder = getenv("SHIM_FOLDER");
  if (!path || !folder) return;
  REAL(open64, int, const char *, int, ...)
  int fd = real_open64(path, O_RDWR);
  struct stat about;
  if (fd < 0 || fstat(fd, &about)) abort();
  unsigned char *all = mmap(0, about.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (all == MAP_FAILED) abort();
  header = (struct header *)all;
  fails = all + PAGE;
  data = all + 2 * PAGE;
  capacity = about.st_size - 2 * PAGE;
  /* The first process begins alone. */
  if (!header->ready) {
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&header->lock, &shared);
    header->ready = 1;
  }
}

static void lock(void) {
  if (header && pthread_mutex_lock(&header->lock) == EOWNERDEAD) pthread_mutex_consistent(&header->lock);
}

static void unlock(void) {
  if (header) pthread_mutex_unlock(&header->lock);
}

/* With the lock held. */
static void note(uint32_t type, uint64_t file, uint64_t offset, const void *bytes, uint64_t length) {
  if (!header) return;
  uint64_t padded = (length + 7) & ~7ULL;
  if (header->used + sizeof(struct record) + padded > capacity) abort();
  struct record record = {type, getpid(), file, offset, length};
  memcpy(data + header->used, &record, sizeof record);
  memcpy(data + header->used + sizeof record, bytes, length);
  header->used += sizeof record + padded;
}

static int is_watched_path(const char *path) {
  if (!header || strncmp(path, folder, strlen(folder))) return 0;
  size_t length = strlen(path);
  return !(length > 4 && !strcmp(path + length - 4, "-shm"));
}

static uint64_t inode_of(int fd) {
  return header && fd >= 0 && fd < DESCRIPTORS ? watched[fd] : 0;
}

static int opened(int fd, const char *path, int is_new) {
  struct stat about;
  if (fd < 0 || fd >= DESCRIPTORS || !is_watched_path(path) || fstat(fd, &about)) return fd;
  watched[fd] = about.st_ino;
  if (is_new) note(CREATE, about.st_ino, 0, path, strlen(path));
  return fd;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(name, int, const char *, int, ...) \
    va_list rest; va_start(rest, flags); int mode = va_arg(rest, int); va_end(rest); \
    if (!is_watched_path(path)) return real_##name(path, flags, mode); \
    lock(); \
    int is_new = (flags & O_CREAT) && access(path, F_OK); \
    int fd = opened(real_##name(path, flags, mode), path, is_new); \
    unlock(); \
    return fd; \
  }
OPEN(open)
OPEN(open64)

int close(int fd) {
  REAL(close, int, int)
  if (fd >= 0 && fd < DESCRIPTORS) watched[fd] = 0;
  return real_close(fd);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  REAL(pwrite64, ssize_t, int, const void *, size_t, off64_t)
  uint64_t inode = inode_of(fd);
  if (!inode) return real_pwrite64(fd, bytes, length, offset);
  lock();
  ssize_t done = real_pwrite64(fd, bytes, length, offset);
  if (done > 0) note(WRITE, inode, offset, bytes, done);
  unlock();
  return done;
}

static void answer(int fd, const struct iovec *parts, int count) {
  char text[2048];
  size_t length = 0;
  if (!header || count < 1 || parts[0].iov_len < 9 || memcmp(parts[0].iov_base, "HTTP/1.1 ", 9)) return;
  for (int i = 0; i < count; i++) {
    size_t some = parts[i].iov_len;
    if (some > sizeof text - length) some = sizeof text - length;
    memcpy(text + length, parts[i].iov_base, some);
    length += some;
  }
  lock();
  note(ANSWER, fd, 0, text, length);
  unlock();
}

ssize_t write(int fd, const void *bytes, size_t length) {
  REAL(write, ssize_t, int, const void *, size_t)
  /* Neither SQLite nor the service writes to these files in this way. */
  if (inode_of(fd)) abort();
  struct iovec part = {(void *)bytes, length};
  answer(fd, &part, 1);
  return real_write(fd, bytes, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(writev, ssize_t, int, const struct iovec *, int)
  if (inode_of(fd)) abort();
  answer(fd, parts, count);
  return real_writev(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  REAL(pwritev, ssize_t, int, const struct iovec *, int, off_t)
  if (inode_of(fd)) abort();
  return real_pwritev(fd, parts, count, offset);
}

int ftruncate64(int fd, off64_t size) {
  REAL(ftruncate64, int, int, off64_t)
  uint64_t inode = inode_of(fd);
  if (!inode) return real_ftruncate64(fd, size);
  lock();
  int result = real_ftruncate64(fd, size);
  if (!result) note(TRUNCATE, inode, size, "", 0);
  unlock();
  return result;
}

/* Only what was written before a sync began is certain to be on the disk when it ends. */
static int sync_file(int fd, int (*real)(int)) {
  uint64_t inode = inode_of(fd);
  if (!inode) return real(fd);
  lock();
  uint64_t number = header->used;
  note(SYNC_BEGIN, inode, number, "", 0);
  unlock();
  if (*fails) return errno = EIO, -1;
  int result = real(fd);
  lock();
  if (!result) note(SYNC_END, inode, number, "", 0);
  unlock();
  return result;
}

int fsync(int fd) {
  REAL(fsync, int, int)
  return sync_file(fd, real_fsync);
}

int fdatasync(int fd) {
  REAL(fdatasync, int, int)
  return sync_file(fd, real_fdatasync);
}

int unlink(const char *path) {
  REAL(unlink, int, const char *)
  if (!is_watched_path(path)) return real_unlink(path);
  lock();
  int result = real_unlink(path);
  if (!result) note(UNLINK, 0, 0, path, strlen(path));
  unlock();
  return result;
}

int rename(const char *from, const char *to) {
  REAL(rename, int, const char *, const char *)
  if (is_watched_path(from) || is_watched_path(to)) abort();
  return real_rename(from, to);
}
