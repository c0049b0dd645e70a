// The rules of enabling and disabling that depend on which callback is running.
#include "wsk/events.h"

#include <gtest/gtest.h>

namespace wskrun::wsk {
namespace {

// A request as EventSet needs one: with an IRP that it can mark pending.
class PendableRequest {
 public:
  PendableRequest() : irp_(IoAllocateIrp(1, FALSE)) {
    IoSetNextIrpStackLocation(irp_);
    request.irp = irp_;
  }
  ~PendableRequest() { IoFreeIrp(irp_); }
  bool pending() const {
    return (IoGetCurrentIrpStackLocation(irp_)->Control & SL_PENDING_RETURNED) != 0;
  }

  Request request;

 private:
  PIRP irp_;
};

TEST(EventSet, EverythingStartsDisabled) {  // E-001
  EventSet events;
  EXPECT_EQ(events.enabled(), 0u);
  EXPECT_FALSE(events.begin_call(WSK_EVENT_RECEIVE));
}

TEST(EventSet, EnabledEventIsCalled) {  // E-005, E-016
  EventSet events;
  events.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  events.enable(WSK_EVENT_RECEIVE);
  RequestQueue disabled;
  EXPECT_TRUE(events.begin_call(WSK_EVENT_RECEIVE));
  events.end_call(disabled);
  EXPECT_TRUE(events.begin_call(WSK_EVENT_DISCONNECT));
  events.end_call(disabled);
  EXPECT_TRUE(disabled.empty());
  EXPECT_FALSE(events.begin_call(WSK_EVENT_SEND_BACKLOG));
}

TEST(EventSet, DisableTakesEffectAtOnceWithoutACall) {  // E-022, E-026, E-029
  EventSet events;
  PendableRequest disable;
  events.enable(WSK_EVENT_RECEIVE);
  EXPECT_EQ(events.disable(WSK_EVENT_RECEIVE, &disable.request), STATUS_SUCCESS);
  EXPECT_FALSE(disable.pending());
  EXPECT_FALSE(events.begin_call(WSK_EVENT_RECEIVE));
  EXPECT_EQ(events.disable(WSK_EVENT_RECEIVE, nullptr), STATUS_SUCCESS);
  events.enable(WSK_EVENT_RECEIVE);
  EXPECT_TRUE(events.begin_call(WSK_EVENT_RECEIVE));
}

TEST(EventSet, DisableWaitsForTheRunningCall) {  // E-023, E-025, E-027
  EventSet events;
  PendableRequest first;
  PendableRequest second;
  events.enable(WSK_EVENT_RECEIVE);
  ASSERT_TRUE(events.begin_call(WSK_EVENT_RECEIVE));
  EXPECT_EQ(events.disable(WSK_EVENT_RECEIVE, &first.request), STATUS_PENDING);
  EXPECT_EQ(events.disable(WSK_EVENT_RECEIVE, &second.request), STATUS_PENDING);
  EXPECT_TRUE(first.pending());
  EXPECT_FALSE(events.enabled(WSK_EVENT_RECEIVE));
  RequestQueue disabled;
  events.end_call(disabled);
  EXPECT_EQ(disabled.pop_front(), &first.request);
  EXPECT_EQ(disabled.pop_front(), &second.request);
  EXPECT_FALSE(events.begin_call(WSK_EVENT_RECEIVE));
}

TEST(EventSet, DisableWithoutRequestSaysEventPending) {  // E-024
  EventSet events;
  events.enable(WSK_EVENT_RECEIVE);
  ASSERT_TRUE(events.begin_call(WSK_EVENT_RECEIVE));
  EXPECT_EQ(events.disable(WSK_EVENT_RECEIVE, nullptr), STATUS_EVENT_PENDING);
  RequestQueue disabled;
  events.end_call(disabled);
  EXPECT_TRUE(disabled.empty());
  EXPECT_FALSE(events.begin_call(WSK_EVENT_RECEIVE));
}

TEST(EventSet, AnotherEventDoesNotHoldUpTheDisable) {
  EventSet events;
  events.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  ASSERT_TRUE(events.begin_call(WSK_EVENT_RECEIVE));
  EXPECT_EQ(events.disable(WSK_EVENT_DISCONNECT, nullptr), STATUS_SUCCESS);
  RequestQueue disabled;
  events.end_call(disabled);
  EXPECT_TRUE(events.begin_call(WSK_EVENT_RECEIVE));
}

TEST(EventSet, EnabledAgainDuringAPendingDisable) {
  EventSet events;
  PendableRequest disable;
  events.enable(WSK_EVENT_RECEIVE);
  ASSERT_TRUE(events.begin_call(WSK_EVENT_RECEIVE));
  ASSERT_EQ(events.disable(WSK_EVENT_RECEIVE, &disable.request), STATUS_PENDING);
  events.enable(WSK_EVENT_RECEIVE);
  RequestQueue disabled;
  events.end_call(disabled);
  EXPECT_EQ(disabled.pop_front(), &disable.request);
  EXPECT_TRUE(events.begin_call(WSK_EVENT_RECEIVE));
}

TEST(EventSet, EnabledForGoodStaysEnabled) {  // E-032, E-040
  EventSet events;
  events.enable_for_good(WSK_EVENT_RECEIVE);
  events.enable(WSK_EVENT_RECEIVE | WSK_EVENT_DISCONNECT);
  EXPECT_EQ(events.disable(WSK_EVENT_RECEIVE, nullptr), STATUS_NOT_SUPPORTED);
  EXPECT_EQ(events.disable(WSK_EVENT_DISCONNECT, nullptr), STATUS_SUCCESS);
  EXPECT_EQ(events.enabled(), ULONG{WSK_EVENT_RECEIVE});
}

}  // namespace
}  // namespace wskrun::wsk
