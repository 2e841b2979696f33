/* For LD_PRELOAD: the wall clock is as many seconds ahead as the file named by CLOCK_SHIFT says.
 * Waits until a time of the wall clock are shifted back, as they would be if the machine's own clock
 * were wrong; the monotonic clock is left alone. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

static long shift(void) {
  static __thread long known, looked = -1;
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
  const long tick = now.tv_sec * 20 + now.tv_nsec / 50000000;  /* looked at every 50 ms */
  if (tick == looked) return known;
  looked = tick;
  char text[24] = "";
  const char* name = getenv("CLOCK_SHIFT");
  const int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return known;
  if (read(file, text, sizeof text - 1) > 0) known = atol(text);
  close(file);
  return known;
}

static int is_wall(clockid_t clock) {
  return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
}

int clock_gettime(clockid_t clock, struct timespec* at) {
  const long result = syscall(SYS_clock_gettime, clock, at);
  if (result == 0 && is_wall(clock)) at->tv_sec += shift();
  return (int)result;
}

int gettimeofday(struct timeval* restrict at, void* restrict zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}

int timespec_get(struct timespec* at, int base) {
  return clock_gettime(CLOCK_REALTIME, at) == 0 ? base : 0;
}

/* Of a condition that waits by the monotonic clock the time is small: it counts from the boot. */
static struct timespec true_time(const struct timespec* at) {
  struct timespec real = *at;
  if (real.tv_sec > 1000000000) real.tv_sec -= shift();
  return real;
}

int cnd_timedwait(cnd_t* restrict c, mtx_t* restrict m, const struct timespec* restrict at) {
  static int (*real)(cnd_t*, mtx_t*, const struct timespec*);
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "cnd_timedwait");
  const struct timespec until = true_time(at);
  return real(c, m, &until);
}

int pthread_cond_timedwait(pthread_cond_t* restrict c, pthread_mutex_t* restrict m,
                           const struct timespec* restrict at) {
  static int (*real)(pthread_cond_t*, pthread_mutex_t*, const struct timespec*);
  if (!real) *(void**)&real = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (!real) *(void**)&real = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  const struct timespec until = true_time(at);
  return real(c, m, &until);
}
