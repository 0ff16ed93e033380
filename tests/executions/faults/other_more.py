from fault import Faults

fault = Faults("other", wide=True)
