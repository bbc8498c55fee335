// RegularExpression
