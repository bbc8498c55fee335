import Testing

@testable internal import AdmissionWebhooks

@Suite struct BodyBudgetTests {
  @Test func `requests share what there is and give all of it back`() {
    let budget = BodyBudget(limit: 10)
    let first = budget.share()
    let second = budget.share()
    #expect(first.take(4))
    #expect(first.take(3))
    #expect(!second.take(4))
    #expect(second.take(3))
    first.giveBack()
    first.giveBack()
    #expect(second.take(7))
    #expect(!first.take(1))
  }
}
