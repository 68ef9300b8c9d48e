require "sinatra/base"

class Shop < Sinatra::Base
  get "/" do
    erb :index, locals: { items: %w[apples pears] }
  end
end
