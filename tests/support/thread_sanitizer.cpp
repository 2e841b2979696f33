// What ThreadSanitizer must be told of librdkafka; linked into the tests of the preset tsan only.
//
// librdkafka makes its threads and locks by C11's functions, which the sanitizer does not know: a
// thread of theirs has no state of the sanitizer's and dies in its first allocation. Here they are
// once more, by POSIX' functions, which it does know; in glibc both kinds are of the same layout.
#include <pthread.h>
#include <threads.h>

#include <cerrno>
#include <cstdint>
#include <memory>

namespace {
static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t) && sizeof(cnd_t) == sizeof(pthread_cond_t));
auto* posix(mtx_t* m) {
  return reinterpret_cast<pthread_mutex_t*>(m);
}
auto* posix(cnd_t* c) {
  return reinterpret_cast<pthread_cond_t*>(c);
}
int c11(int error) {
  return error == 0 ? thrd_success : error == ETIMEDOUT ? thrd_timedout : thrd_error;
}

struct beginning {
  thrd_start_t run;
  void* with;
};
void* begin(void* given) {
  const std::unique_ptr<beginning> b(static_cast<beginning*>(given));
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(b->run(b->with)));
}
}  // namespace

extern "C" {
// Its reference counts are atomics that the sanitizer does not see, as the library is not compiled
// for it. What it frees and copies by itself is not looked at, nor how a lock that it made comes to
// another of its threads; our code that it calls is, and what its locks order for that code.
const char* __tsan_default_suppressions();
const char* __tsan_default_suppressions() {
  return "called_from_lib:librdkafka.so\n"
         "race:^mtx_\n"
         "race:^cnd_\n";
}

int thrd_create(thrd_t* made, thrd_start_t run, void* with) {
  auto b = std::make_unique<beginning>(beginning{run, with});
  const int error = pthread_create(made, nullptr, begin, b.get());
  if (error == 0) b.release();  // NOLINT: begin() has it
  return c11(error);
}
int thrd_join(thrd_t which, int* result) {
  void* said = nullptr;
  const int error = pthread_join(which, &said);
  if (result) *result = static_cast<int>(reinterpret_cast<std::intptr_t>(said));
  return c11(error);
}
int mtx_init(mtx_t* m, int type) {
  pthread_mutexattr_t how;
  pthread_mutexattr_init(&how);
  if (type & mtx_recursive) pthread_mutexattr_settype(&how, PTHREAD_MUTEX_RECURSIVE);
  return c11(pthread_mutex_init(posix(m), &how));
}
void mtx_destroy(mtx_t* m) {
  pthread_mutex_destroy(posix(m));
}
int mtx_lock(mtx_t* m) {
  return c11(pthread_mutex_lock(posix(m)));
}
int mtx_unlock(mtx_t* m) {
  return c11(pthread_mutex_unlock(posix(m)));
}
int cnd_init(cnd_t* c) {
  return c11(pthread_cond_init(posix(c), nullptr));
}
void cnd_destroy(cnd_t* c) {
  pthread_cond_destroy(posix(c));
}
int cnd_signal(cnd_t* c) {
  return c11(pthread_cond_signal(posix(c)));
}
int cnd_broadcast(cnd_t* c) {
  return c11(pthread_cond_broadcast(posix(c)));
}
int cnd_wait(cnd_t* c, mtx_t* m) {
  return c11(pthread_cond_wait(posix(c), posix(m)));
}
int cnd_timedwait(cnd_t* c, mtx_t* m, const timespec* until) {
  return c11(pthread_cond_timedwait(posix(c), posix(m), until));
}
}
