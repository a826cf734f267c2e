// Makes code disappear from /proc/PID/maps: copies take the place of a file's mappings.
#ifndef HOLDFAST_TESTS_ATTACKS_OWN_MAPPINGS_H
#define HOLDFAST_TESTS_ATTACKS_OWN_MAPPINGS_H

#include <string>

namespace holdfast::attacks {

// Every mapping of this process whose path ends so, this very code among them. False: not all.
bool forget_file(const std::string& end_of_path);

}  // namespace holdfast::attacks

#endif  // HOLDFAST_TESTS_ATTACKS_OWN_MAPPINGS_H
