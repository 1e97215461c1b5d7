// As precompiled.h, for the tests.
#pragma once

#include "tools/cmake/precompiled.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
