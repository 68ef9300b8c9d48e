require_relative "greeter"

run Greeter.new
