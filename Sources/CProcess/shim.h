#pragma once
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/vfs.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#if defined(__GLIBC__)
// glibc 2.34 has it, but shows it to GNU sources only.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);
#endif

/// Closes every file but the standard ones in a child to be started; 0 for success.
static inline int skein_close_inherited(posix_spawn_file_actions_t *actions) {
#if defined(__GLIBC__)
  return posix_spawn_file_actions_addclosefrom_np(actions, 3);
#else
  return 0;
#endif
}

/// Makes the heap give memory back: as many arenas as `arenas`, and large blocks of their own mapping.
static inline void skein_configure_heap(int arenas) {
#if defined(__GLIBC__)
  mallopt(M_ARENA_MAX, arenas);
  mallopt(M_MMAP_THRESHOLD, 128 * 1024);
  mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
#endif
}

/// Gives free pages back to the system.
static inline void skein_trim_heap(void) {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

// prctl is variadic, which Swift cannot call.

/// Asks the kernel to kill this process when the thread that started it ends; 0 for success.
static inline int skein_end_with_parent(void) {
#if defined(__linux__)
  return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
#else
  return 0;
#endif
}

/// Waits until a child has ended, and leaves its status to be collected; 0 for success.
static inline int skein_wait_for_end(pid_t child) {
  siginfo_t info;
  return waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT);
}

/// The exit code of an ended child, or 128 and the signal that ended it.
static inline int skein_exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// 1 where files of a folder are kept in memory only (tmpfs, ramfs), else 0.
static inline int skein_is_in_memory(const char *path) {
#if defined(__linux__)
  struct statfs status;
  if (statfs(path, &status) != 0) return 0;
  return status.f_type == 0x01021994 || (unsigned long)status.f_type == 0x858458F6UL;
#else
  return 0;
#endif
}
