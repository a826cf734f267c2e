// Can there be such an entity? By its type's rule for ids.
#ifndef HOLDFAST_POLICY_CEDAR_ENTITY_IDS_H
#define HOLDFAST_POLICY_CEDAR_ENTITY_IDS_H

#include <string>

#include "policy/cedar/value.h"

namespace holdfast::policy::cedar {

// What is wrong with it; empty: an entity of the schema may be called that.
std::string problem_of(const EntityUid& uid);

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_ENTITY_IDS_H
