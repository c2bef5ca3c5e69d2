#ifndef FLEETSCORE_CTHREADS_H
#define FLEETSCORE_CTHREADS_H

#include <stdbool.h>

/// Asks the scheduler to run the calling thread soon after it wakes, for short turns.
///
/// The thread's share of the processor stays the same. For threads that answer somebody and work
/// little at a time; Linux 6.12 and later. False where the system has no such thing.
bool cthreads_prefer_prompt(void);

/// Asks the scheduler to let the calling thread give way to others, from now on.
///
/// It has about a tenth of the share of a thread that does not, and all that nobody else wants.
/// False where the system has no such thing.
bool cthreads_give_way(void);

/// How many processors this process may use; at least 1.
int cthreads_processor_count(void);

#endif
