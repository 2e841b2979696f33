/* For LD_PRELOAD: fsync and fdatasync take as many milliseconds longer as the file named by
 * SLOW_FSYNC says; no file, no number: nothing longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static void wait_first(void) {
  char text[16] = "";
  const char* name = getenv("SLOW_FSYNC");
  const int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
  close(file);
  const long ms = atol(text);
  const struct timespec span = {ms / 1000, ms % 1000 * 1000000};
  if (ms > 0) nanosleep(&span, NULL);
}

int fsync(int file) {
  static int (*real)(int);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "fsync");
  wait_first();
  return real(file);
}

int fdatasync(int file) {
  static int (*real)(int);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "fdatasync");
  wait_first();
  return real(file);
}
