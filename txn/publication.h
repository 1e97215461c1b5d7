#pragma once

#include <vector>

#include "meta/types.h"

namespace commitfs {

/// What one version changed at the head, for whoever caches the head. Ids are the head's.
struct Publication {
  SeqNo version = SeqNo::none;
  std::vector<DirentKey> dirents;        ///< names that stand for something else, appeared or went
  std::vector<InodeId> contents;         ///< inodes with another body…
  std::vector<DirentKey> content_links;  ///< …and every name that leads to one
  std::vector<InodeId> attributes;  ///< inodes whose attributes changed (directories of changed
                                    ///< names and removed inodes too)
};

}  // namespace commitfs
