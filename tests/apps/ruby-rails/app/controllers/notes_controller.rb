class NotesController < ActionController::Base
  def index
  end
end
