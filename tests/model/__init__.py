"""An independent model of the rule book, sections 2 to 6: slow, naive, and written from the page alone.

It imports nothing of the product. A book is the plain mapping that its YAML text gives (defaults not filled in, numbers
as int or Decimal). windows, points and requirements are functions; tiers evaluates one member on one day; awards keeps
the book, contributions and ledger of one programme, machine adds its members and standings; boards ranks; strategies
draws books, stories what happens. The tests here hold the model to the examples of the page.
"""
